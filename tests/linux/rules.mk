# The kernel Linux with generated paravirt text: see tests/linux/README.md.
# Trees and builds are in $(PVGEN_LINUX), which may be outside of the repository and is kept.

PVGEN_LINUX ?= $(BUILD)/linux
LINUX_CHECK := PVGEN_LINUX=$(abspath $(PVGEN_LINUX)) $(PYTHON) tests/linux/check.py

.PHONY: linux-fetch linux-check linux-check-main linux-check-verify linux-clean

linux-fetch:
	@sh tests/linux/fetch.sh $(abspath $(PVGEN_LINUX))

# All of it.
linux-check: linux-fetch $(BUILD)/pvgen $(BUILD)/xen/xen.elf
	$(LINUX_CHECK)
	@$(MAKE) linux-check-verify

# What takes minutes: generated text, a change, the main configuration with its boots.
linux-check-main: linux-fetch $(BUILD)/pvgen $(BUILD)/xen/xen.elf
	$(LINUX_CHECK) text change main

# What verify finds in kernels: the hand-written one of `main`, Debian's, and the first once damaged.
linux-check-verify: $(BUILD)/pvgen
	sh tests/linux/stock.sh $(PVGEN_LINUX)/stock
	$(PYTHON) tests/linux/known.py $(PVGEN_LINUX)/hand/build.main/vmlinux $(PVGEN_LINUX)/stock/vmlinuz-*
	$(PYTHON) tests/linux/plant.py $(PVGEN_LINUX)/hand/build.main/vmlinux

linux-clean:
	rm -rf $(addprefix $(PVGEN_LINUX)/,hand generated identity)
