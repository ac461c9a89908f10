# What the binary interface carries and costs, on one page: see tests/report/report.py.

.PHONY: report

report: $(BUILD)/pvgen $(BUILD)/guest.elf $(BUILD)/guest-blob.elf $(BLOBS:%=$(BUILD)/%.blob) \
		$(BUILD)/cost.so $(BUILD)/xen/xen.elf $(BUILD)/bench/forms
	$(PYTHON) tests/report/report.py --outdir $(BUILD)/report
