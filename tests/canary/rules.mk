# The interface with every convention, run in user mode; one build a compiler.

PRODUCT := $(BUILD)/canary
PRODUCT_FILES := $(addprefix $(PRODUCT)/,pv.c pv_canaries.S templates.c templates.S calls.c calls.S simple.c simple.S leaky.c leaky.S \
		   functions.c leaky_functions.S stubs.c) \
		 tests/canary/main.c tests/boot/canary_check.c runtime/patch.c
PRODUCT_CFLAGS := -std=gnu11 -O2 -g -Wall -Wextra -Werror -mno-red-zone -mgeneral-regs-only -fno-pic -fno-pie \
		  -fcf-protection=branch -I$(PRODUCT) -Iruntime -Itests/boot -Itests/canary

$(PRODUCT)/stamp: tests/canary/product.py $(BUILD)/pvgen
	@echo '  PVGEN $(@D)'
	@$(PYTHON) $< $(@D)
	@$(BUILD)/pvgen build --outdir $(@D) $(@D)/product.pvi
	@touch $@

define product-build
$(PRODUCT)/run-$(1): $(PRODUCT)/stamp tests/canary/main.c tests/canary/stubs.h $(wildcard tests/boot/canary_check.*) \
		runtime/patch.c
	@echo '  LD    $$@'
	@$(2) $(PRODUCT_CFLAGS) -no-pie -Wl,--defsym=pv_text_begin=__executable_start,--defsym=pv_text_end=etext \
		-o $$@ $(PRODUCT_FILES)
endef

$(eval $(call product-build,gcc,$(CC)))
$(eval $(call product-build,clang,$(CLANG)))
