# Fuzzing of pvgen, see tests/fuzz/README.md.

FUZZ         := $(BUILD)/fuzz
FUZZ_CORPUS  := tests/fuzz/corpus
FUZZ_TARGETS := lexer parser frontend
FUZZ_SEEDS   := $(wildcard tests/*/*.pvi tests/*/*/*.pvi idl/*/*.pvi)
FUZZ_OBJECTS := $(PVGEN_SRC:compiler/%.c=%.o) parser.o lexer.o
TARGET       := frontend
SECONDS      := 60

# What the harness replaces in pvgen, not in what calls it: the two are linked into one object first.
FUZZ_REPLACED := main fopen access stat write_outputs yyparse resolve

# $(1): name of the build, $(2): compiler, $(3): flags, $(4): directory of pvgen's objects,
# $(5): what calls the harness, $(6): flags that find it
define fuzz-build
$(FUZZ_TARGETS:%=$(FUZZ)/$(1)/%.harness.o): $(FUZZ)/$(1)/%.harness.o: tests/fuzz/harness.c $(PVGEN_DEPS)
	@mkdir -p $$(@D)
	@echo '  CC    $$@'
	@$(2) $(PVGEN_CFLAGS) $(3) -I$(BUILD) -DTARGET=$$(shell echo $$* | tr a-z A-Z) -c -o $$@ $$<

$(FUZZ_TARGETS:%=$(FUZZ)/$(1)/%.whole.o): %.whole.o: %.harness.o $(FUZZ_OBJECTS:%=$(4)/%)
	@ld -r $(FUZZ_REPLACED:%=--wrap=%) -o $$@ $$^
	@objcopy --localize-symbol=main $$@

$(FUZZ)/$(1)/driver.o $(FUZZ)/$(1)/mutate.o: $(FUZZ)/$(1)/%.o: tests/fuzz/%.c
	@mkdir -p $$(@D)
	@echo '  CC    $$@'
	@$(2) $(PVGEN_CFLAGS) $(3) -c -o $$@ $$<

$(FUZZ_TARGETS:%=$(FUZZ)/$(1)/%): %: %.whole.o $(5)
	@echo '  LD    $$@'
	@$(2) $(3) -o $$@ $$^ $(6) $$(PVGEN_LIBS)
endef

# The end of an empty vector is NULL + 0, which does no harm and is C from C2Y on.
FUZZ_SANITIZE := $(SANITIZE) -fno-sanitize=pointer-overflow -DARENA_CHUNK=0

# ---- replay: the corpus again, in all tests ----

$(eval $(call fuzz-build,replay,$(CC),$(SANITIZE),$(BUILD)/sanitized,$(FUZZ)/replay/driver.o))

check-tree check-fast: $(FUZZ_TARGETS:%=$(FUZZ)/replay/%)

# ---- libFuzzer: make fuzz TARGET=frontend SECONDS=600 ----

FUZZ_CFLAGS := $(FUZZ_SANITIZE) -fsanitize=fuzzer-no-link
FUZZ_LIMITS := -timeout=5 -rss_limit_mb=1024 -max_len=8192

$(eval $(call pvgen-build,fuzz/clang,$(CLANG),$(FUZZ_CFLAGS)))
$(eval $(call fuzz-build,libfuzzer,$(CLANG),$(FUZZ_CFLAGS),$(FUZZ)/clang,$(FUZZ)/libfuzzer/mutate.o,-fsanitize=fuzzer))

tests/fuzz/pvi.dict: tests/fuzz/dictionary.py compiler/lexer.l $(PVGEN_SRC)
	@$(PYTHON) $^ >$@

$(FUZZ)/seeds: tests/fuzz/seeds.py $(FUZZ_SEEDS)
	@$(PYTHON) $< $@ $(FUZZ_SEEDS)
	@touch $@

.PHONY: fuzz fuzz-afl fuzz-merge fuzz-coverage

# New inputs go to build/fuzz/new/, what crashes to build/fuzz/.
fuzz: $(FUZZ)/libfuzzer/$(TARGET) $(FUZZ)/seeds tests/fuzz/pvi.dict
	@mkdir -p $(FUZZ)/new/$(TARGET) $(FUZZ_CORPUS)/$(TARGET)
	$< $(FUZZ_LIMITS) -dict=tests/fuzz/pvi.dict -max_total_time=$(SECONDS) -print_final_stats=1 \
		-artifact_prefix=$(FUZZ)/$(TARGET)- $(FUZZ)/new/$(TARGET) $(FUZZ_CORPUS)/$(TARGET) $(FUZZ)/seeds

# What libFuzzer named after its hash is replaced by the part of it, and of what is new, that
# covers more than the seeds.
fuzz-merge: $(FUZZ)/libfuzzer/$(TARGET) $(FUZZ)/seeds
	@rm -rf $(FUZZ)/merged && mkdir -p $(FUZZ)/new/$(TARGET)
	@cp -r $(FUZZ)/seeds $(FUZZ)/merged
	$< $(FUZZ_LIMITS) -merge=1 $(FUZZ)/merged $(FUZZ_CORPUS)/$(TARGET) $(FUZZ)/new/$(TARGET)
	@rm -f $(FUZZ)/merged/*.pvi
	@find $(FUZZ_CORPUS)/$(TARGET) -regextype egrep -regex '.*/[0-9a-f]{40}' -delete
	@find $(FUZZ)/merged -type f -exec mv -t $(FUZZ_CORPUS)/$(TARGET) {} +
# ---- AFL++: make fuzz-afl TARGET=frontend SECONDS=600 ----

$(eval $(call pvgen-build,fuzz/afl,afl-clang-fast,$(FUZZ_SANITIZE)))
$(eval $(call fuzz-build,afl,afl-clang-fast,$(FUZZ_SANITIZE),$(FUZZ)/afl,$(FUZZ)/afl/driver.o))

fuzz-afl: $(FUZZ)/afl/$(TARGET) $(FUZZ)/seeds tests/fuzz/pvi.dict
	AFL_SKIP_CPUFREQ=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_AUTORESUME=1 \
		afl-fuzz -i $(FUZZ)/seeds -o $(FUZZ)/afl/$(TARGET).out -x tests/fuzz/pvi.dict \
		-m none -t 5000 -V $(SECONDS) $<

# ---- coverage: lines that the corpus and all descriptions reach ----

$(eval $(call pvgen-build,fuzz/gcov,$(CC),--coverage))
$(eval $(call fuzz-build,coverage,$(CC),,$(FUZZ)/gcov,$(FUZZ)/coverage/driver.o,--coverage))

fuzz-coverage: $(FUZZ_TARGETS:%=$(FUZZ)/coverage/%) $(FUZZ)/seeds
	@rm -f $(FUZZ)/gcov/*.gcda
	@for target in $(FUZZ_TARGETS); do \
		find $(FUZZ_CORPUS) $(FUZZ)/seeds -type f | xargs $(FUZZ)/coverage/$$target >/dev/null || exit; \
	done
	@gcov -n -r $(FUZZ)/gcov/*.gcda | grep -A1 "^File 'compiler"
