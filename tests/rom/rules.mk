# A kernel that takes VMI ROMs as those of 2007 did, and judges each of their calls: tests/rom/README.md.

ROM_JUDGE        := $(BUILD)/rom-judge
ROM_JUDGE_SRC    := $(wildcard tests/rom/*.c tests/rom/*.S)
ROM_JUDGE_CFLAGS := -std=gnu11 -ffreestanding $(FLAGS_i386) -march=i586 -mgeneral-regs-only -fno-pic -fno-pie \
		    -fno-stack-protector -fno-strict-aliasing -fcf-protection=none \
		    -fno-asynchronous-unwind-tables -O2 -g -Wall -Wextra -Werror
ROM_JUDGES       := judge judge-pae judge-clang

# $(1): name of the kernel, $(2): compiler, $(3): more flags
define rom-judge
$(ROM_JUDGE)/$(1)/%.o: tests/rom/%
	@mkdir -p $$(@D)
	@echo '  CC    $$@'
	@$(2) $(ROM_JUDGE_CFLAGS) $(3) -MMD -MP -c -o $$@ $$<

$(ROM_JUDGE)/$(1).elf: tests/rom/kernel.lds $(ROM_JUDGE_SRC:tests/rom/%=$(ROM_JUDGE)/$(1)/%.o)
	@echo '  LD    $$@'
	@ld -m $(FORMAT_i386) $(GUEST_LDFLAGS) -T $$< -o $$@ $$(filter %.o,$$^)

-include $(ROM_JUDGE_SRC:tests/rom/%=$(ROM_JUDGE)/$(1)/%.d)
endef

$(eval $(call rom-judge,judge,$(CC),))
$(eval $(call rom-judge,judge-pae,$(CC),-DPAE))
$(eval $(call rom-judge,judge-clang,$(CLANG),))

check-tree: $(ROM_JUDGES:%=$(ROM_JUDGE)/%.elf) $(BUILD)/xen/xen-pae.elf \
	$(foreach kind,.rom -trace.rom -clang.rom,$(ROMS:%=$(BUILD)/%$(kind)))
