# The patcher as a part of processes: see tests/stress/README.md.

STRESS     := $(BUILD)/stress
STRESS_GEN := $(STRESS)/generated
STRESS_PVI := $(wildcard tests/stress/*.pvi)

# What is under test is built as for a kernel, but for the place that it is linked at.
STRESS_TESTED := $(filter-out -mcmodel=kernel -I%,$(GUEST_CFLAGS)) -I$(STRESS_GEN) -Iruntime
STRESS_CFLAGS := -std=gnu11 -D_GNU_SOURCE -O2 -g -Wall -Wextra -Werror -fno-pie -mno-red-zone -pthread \
		 -I$(STRESS_GEN) -Iruntime -Itests/stress
STRESS_COMMON := host.o ops.o patch.o form.o pv.o plain.o plain_S.o other.o other_S.o

$(STRESS_GEN)/pv.json: $(STRESS_PVI) $(BUILD)/pvgen
	@mkdir -p $(@D)
	@$(BUILD)/pvgen build --outdir $(@D) $(STRESS_PVI)
	@touch $@

# $(1): folder of the build, $(2): sanitizers
define stress-build
$(1)/%.o: tests/stress/%.c $(STRESS_GEN)/pv.json $$(wildcard tests/stress/*.h)
	@mkdir -p $$(@D)
	@echo '  CC    $$@'
	@$(CC) $(STRESS_CFLAGS) $(2) -c -o $$@ $$<

$(1)/%.o: tests/stress/%.S $(STRESS_GEN)/pv.json $$(wildcard tests/stress/*.h)
	@mkdir -p $$(@D)
	@echo '  AS    $$@'
	@$(CC) $(STRESS_CFLAGS) -c -o $$@ $$<

# A backend's function may not grow calls of a sanitizer.
$(1)/ops.o: tests/stress/ops.c $(STRESS_GEN)/pv.json
	@mkdir -p $$(@D)
	@echo '  CC    $$@'
	@$(CC) $(STRESS_TESTED) -c -o $$@ $$<

$(1)/%.o: runtime/%.c $(STRESS_GEN)/pv.json $$(wildcard runtime/*.h runtime/*/*.h)
	@mkdir -p $$(@D)
	@echo '  CC    $$@'
	@$(CC) $(STRESS_TESTED) $(2) -c -o $$@ $$<

$(1)/pv.o $(1)/plain.o $(1)/other.o: $(1)/%.o: $(STRESS_GEN)/pv.json
	@$(CC) $(STRESS_TESTED) -c -o $$@ $(STRESS_GEN)/$$*.c

$(1)/plain_S.o $(1)/other_S.o: $(1)/%_S.o: $(STRESS_GEN)/pv.json
	@$(CC) $(STRESS_TESTED) -c -o $$@ $(STRESS_GEN)/$$*.S

$(1)/%: $(1)/%.o
	@echo '  LD    $$@'
	@$(CC) $(STRESS_CFLAGS) $(2) -no-pie -Wl,--no-warn-rwx-segments -o $$@ $$^
endef

$(eval $(call stress-build,$(STRESS),))
$(eval $(call stress-build,$(STRESS)/sanitized,$(SANITIZE)))

$(STRESS)/speed: $(addprefix $(STRESS)/,speed.o arena.o arena_text.o $(STRESS_COMMON))
$(STRESS)/torn: $(addprefix $(STRESS)/,\
	torn.o arena.o torn_text.o late.o late_host.o $(STRESS_COMMON))
$(STRESS)/count: $(addprefix $(STRESS)/,count.o original.o sites.o $(STRESS_COMMON))
$(STRESS)/sanitized/corrupt: \
	$(addprefix $(STRESS)/sanitized/,corrupt.o original.o sites.o $(STRESS_COMMON))

check-tree: $(STRESS)/torn $(STRESS)/count $(STRESS)/sanitized/corrupt

.PHONY: bench-stress
bench: bench-stress
bench-stress: $(STRESS)/speed $(STRESS)/torn
	$(STRESS)/speed
	$(STRESS)/torn -t 1 -n 2000000000
