# The judge of pvgen diff: both versions of all pairs built, mixed and run; see tests/oracle/README.md.

$(BUILD)/oracle/judged.json: $(wildcard tests/oracle/*.[ch] tests/oracle/planted/*.txt tests/diff/*/*.txt) \
		tests/diff/cases.py $(addprefix tests/oracle/,judge.py meaning.py model.py program.py) $(BUILD)/pvgen
	@echo '  JUDGE $@'
	@$(PYTHON) tests/oracle/judge.py $@
