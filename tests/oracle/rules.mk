# The judge of pvgen diff: all pairs built in both versions, mixed and run; see
# tests/oracle/README.md.

ORACLE := $(addprefix tests/oracle/,judge.py meaning.py model.py program.py judge.c judge.h)

$(BUILD)/oracle/judged.json: $(ORACLE) $(wildcard tests/oracle/planted/*.txt) \
		$(wildcard tests/diff/*/*.txt) tests/diff/cases.py $(BUILD)/pvgen
	@echo '  JUDGE $@'
	@$(PYTHON) tests/oracle/judge.py $@
