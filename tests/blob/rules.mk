# The kernel's half of the binary interface in a process: see tests/blob/README.md.

BLOB_TEST    := $(BUILD)/blob-test
BLOB_TESTED  := $(filter-out -mcmodel=kernel -I% -Wa%,$(GUEST_CFLAGS)) -I$(GENERATED) -Iruntime
BLOB_CFLAGS  := -std=gnu11 -D_GNU_SOURCE -O1 -g -Wall -Wextra -Werror -fno-pie -mno-red-zone \
		-I$(GENERATED) -Iruntime -Itests/blob
BLOB_OBJECTS := $(addprefix $(BLOB_TEST)/,mutate.o services.o blob.o failed.o fixup.o pv.o pv_binary.o pv_binary_S.o)

$(BLOB_TEST)/%.o: tests/blob/%.c $(GENERATED)/pv_binary.h $(wildcard runtime/*.h tests/blob/*.h)
	@mkdir -p $(@D)
	@echo '  CC    $@'
	@$(CC) $(BLOB_CFLAGS) $(SANITIZE) -c -o $@ $<

$(BLOB_TEST)/%.o: runtime/%.c $(GENERATED)/pv_binary.h $(wildcard runtime/*.h)
	@mkdir -p $(@D)
	@echo '  CC    $@'
	@$(CC) $(BLOB_TESTED) $(SANITIZE) -c -o $@ $<

$(BLOB_TEST)/pv.o $(BLOB_TEST)/pv_binary.o: $(BLOB_TEST)/%.o: $(GENERATED)/%.c
	@mkdir -p $(@D)
	@$(CC) $(BLOB_TESTED) -c -o $@ $<

$(BLOB_TEST)/pv_binary_S.o: $(GENERATED)/pv_binary.S
	@mkdir -p $(@D)
	@$(CC) $(BLOB_TESTED) -c -o $@ $<

$(BLOB_TEST)/mutate: $(BLOB_OBJECTS)
	@echo '  LD    $@'
	@$(CC) $(BLOB_CFLAGS) $(SANITIZE) -no-pie -o $@ $^

check-tree: $(BLOB_TEST)/mutate
