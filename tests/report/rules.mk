# What binary interfaces carry and cost, a page each: tests/report/report.py, vmi_report.py.

.PHONY: report report-vmi

report: $(BUILD)/pvgen $(BUILD)/guest.elf $(BUILD)/guest-blob.elf $(BLOBS:%=$(BUILD)/%.blob) \
		$(BUILD)/cost.so $(BUILD)/xen/xen.elf $(BUILD)/bench/forms report-vmi
	$(PYTHON) tests/report/report.py --outdir $(BUILD)/report

report-vmi: $(BUILD)/pvgen $(BUILD)/guest32.elf $(ROMS:%=$(BUILD)/%.rom) $(ROMS:%=$(BUILD)/%-trace.rom) \
		$(BUILD)/xen/xen-pae.elf $(BUILD)/rom-judge/judge.elf
	$(PYTHON) tests/report/vmi_report.py --outdir $(BUILD)/report
