# ROMs found and bound in a process.

SCAN_CFLAGS := -std=gnu11 -D_GNU_SOURCE -O1 -g -Wall -Wextra -Werror -fno-pie -no-pie \
		-I$(GENERATED) -Iruntime

$(BUILD)/scan/damage: tests/scan/damage.c runtime/rom.c $(wildcard runtime/*.h) $(GENERATED)/pv_ops.h
	@mkdir -p $(@D)
	@echo '  LD    $@'
	@$(CC) $(SCAN_CFLAGS) $(SANITIZE) -o $@ $<

check-tree: $(BUILD)/scan/damage
