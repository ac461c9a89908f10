# The kernel Linux with generated paravirt text: see tests/linux/README.md.
# Trees and builds are in $(PVGEN_LINUX), which may be outside of the repository and is kept.

PVGEN_LINUX ?= $(BUILD)/linux
HAND_VMLINUX := $(PVGEN_LINUX)/hand/build.main/vmlinux
LINUX_CHECK := PVGEN_LINUX=$(abspath $(PVGEN_LINUX)) $(PYTHON) tests/linux/check.py

# A kernel of Debian's, as it boots.
stock = "$$(sh tests/download.sh bookworm 'linux-image-$(1)' './boot/vmlinuz-*')"/boot/vmlinuz-*

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
	$(PYTHON) tests/linux/known.py $(HAND_VMLINUX)
	$(PYTHON) tests/linux/plant.py $(HAND_VMLINUX)

# What verify finds in kernels: the hand-written one of `main`, Debian's, and the first once damaged.
linux-check-verify: $(BUILD)/pvgen
	$(PYTHON) tests/linux/known.py $(HAND_VMLINUX) $(call stock,6\.1\.0-[0-9]+-cloud-amd64) \
		$(call stock,6\.12\..*-cloud-amd64-unsigned)
	$(PYTHON) tests/linux/plant.py $(HAND_VMLINUX)

linux-clean:
	rm -rf $(addprefix $(PVGEN_LINUX)/,hand generated identity)
