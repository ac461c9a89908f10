# pvgen: `make setup demo` runs the main job, `make setup check` the tests.

BUILD  := build
CC     := gcc
CLANG  := clang
PYTHON := /usr/bin/python3
SUDO   := $(shell test "$$(id -u)" = 0 || echo sudo)
IDL    := $(wildcard idl/pv/*.pvi)
ABIS   := $(wildcard idl/abi/*.pvi)
# Without what one of them can express of another.
ALONE  := $(foreach abi,$(ABIS),$(if $(findstring _on_,$(abi)),,$(abi)))
LINUX  := $(wildcard idl/linux/*.pvi)

# Where `make install` puts pvgen and its page, behind DESTDIR, and what pkg-config says of it:
# who builds for another machine asks for variable pvgen, and gets the one that runs on this.
PREFIX := /usr/local
PC     := prefix=$(PREFIX)\npvgen=$${prefix}/bin/pvgen\n\nName: pvgen\nDescription: compiler of \
	paravirtual interfaces\nVersion: %s\n

# What the guest is made of; a test builds it of a changed description.
GENERATED := generated

# For i386 there are bare hardware and whatever puts a ROM of VMI there.
GENERATED_i386 := generated/i386
IDL_i386       := idl/pv/native.pvi idl/pv/pv.pvi idl/pv/vmi_guest.pvi

# The hypervisor's half of an abi, as ROMs for guests on i386.
IDL_rom        := $(wildcard idl/rom/*.pvi)
ROMS           := $(IDL_rom:idl/rom/%.pvi=%)

.DELETE_ON_ERROR:
.PHONY: FORCE all setup setup-bench setup-linux install demo demo-vmi check check-fast check-tree regen bench format clean

all: $(BUILD)/pvgen

setup: PACKAGES := packages.txt
setup-bench: PACKAGES := tests/bench/packages.txt
setup-linux: PACKAGES := tests/linux/packages.txt

# What pvgen and its tests need; what pvgen is compared with; what builds Linux.
setup setup-bench setup-linux:
	$(SUDO) apt-get update -qq
	xargs -a $(PACKAGES) $(SUDO) env DEBIAN_FRONTEND=noninteractive \
		apt-get install -y -qq --no-install-recommends >/dev/null

# ---- pvgen: needs a C compiler, flex and bison; only libc when it runs, but to verify Linux ----

PVGEN_SRC    := $(wildcard compiler/*.c)
PVGEN_CFLAGS := -std=gnu17 -O2 -g -Wall -Wextra -Werror -Icompiler
PVGEN_DEPS   := $(wildcard compiler/*.h) $(wildcard compiler/*.def) $(BUILD)/parser.c $(BUILD)/lexer.c \
		$(BUILD)/libraries.h

# `pvgen verify` and `import` read kernels with those of these that are here, and say which they
# lack; `make LIBRARIES=` builds without.  They are linked in, with what they need (LIBRARY+...), so
# that pvgen runs where they are not, and at fixed addresses: to move Capstone's tables takes longer
# than most runs.
LIBRARIES    := capstone:capstone/capstone.h dw+elf+bz2+lzma+z:elfutils/libdwfl.h lz4:lz4.h \
		lzma:lzma.h z:zlib.h zstd:zstd.h
libraries-of  = $(subst +, ,$(firstword $(subst :, ,$(1))))
static        = -Wl,-Bstatic $(1:%=-l%) -Wl,-Bdynamic
is-here       = $(shell echo 'int main(void) { return 0; }' | $(CC) -include $(lastword $(subst :, ,$(1))) \
		-o /dev/null -x c - $(call static,$(libraries-of)) 2>/dev/null && echo yes)
FOUND        := $(foreach row,$(LIBRARIES),$(if $(call is-here,$(row)),$(row)))
PVGEN_LIBS    = -no-pie $(call static,$(foreach row,$(FOUND),$(call libraries-of,$(row))))

$(BUILD)/libraries.h: FORCE
	@mkdir -p $(@D)
	@for name in $$(echo $(foreach row,$(FOUND),$(firstword $(call libraries-of,$(row)))) | tr a-z A-Z); do echo "#define HAVE_$$name"; done > $@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@

$(BUILD)/parser.c: compiler/parser.y
	@mkdir -p $(@D)
	@echo '  BISON $@'
	@bison -d -Wall -Werror -o $@ $<

$(BUILD)/lexer.c: compiler/lexer.l $(BUILD)/parser.c
	@echo '  FLEX  $@'
	@flex -o $@ $<

# A text as a C string, a line each; what begins with ## is about the text.
$(BUILD)/%.inc: compiler/%.txt
	@mkdir -p $(@D)
	@echo '  SED   $@'
	@sed -e '/^##/d' -e 's/[\\"]/\\&/g' -e 's/.*/"&\\n"/' $< > $@

# One rule for all builds of pvgen: its compiler and its flags differ.
define pvgen-build
$(BUILD)/$(1)/%.o: compiler/%.c $(PVGEN_DEPS)
	@mkdir -p $$(@D)
	@echo '  CC    $$@'
	@$(2) $(PVGEN_CFLAGS) $(3) -I$(BUILD) -c -o $$@ $$<

$(BUILD)/$(1)/%.o: $(BUILD)/%.c $(PVGEN_DEPS)
	@mkdir -p $$(@D)
	@echo '  CC    $$@'
	@$(2) $(PVGEN_CFLAGS) $(3) -I$(BUILD) -c -o $$@ $$<

$(BUILD)/$(1)/explain.o: $(BUILD)/explain.inc
$(BUILD)/$(1)/emit_linux.o: $(BUILD)/linux_types.inc $(BUILD)/linux_sites.inc $(BUILD)/linux_calls.inc

$(BUILD)/$(1)/pvgen: $(PVGEN_SRC:compiler/%.c=$(BUILD)/$(1)/%.o) $(BUILD)/$(1)/parser.o $(BUILD)/$(1)/lexer.o
	@echo '  LD    $$@'
	@$(2) $(3) -o $$@ $$^ $$(PVGEN_LIBS)
endef

SANITIZE := -O0 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

$(eval $(call pvgen-build,plain,$(CC),))
$(eval $(call pvgen-build,clang,$(CLANG),))
$(eval $(call pvgen-build,sanitized,$(CC),$(SANITIZE) -DARENA_CHUNK=0))

$(BUILD)/pvgen: $(BUILD)/plain/pvgen
	@cp -f $< $@

install: $(BUILD)/pvgen docs/pvgen.1
	install -D -m 755 $< "$(DESTDIR)$(PREFIX)/bin/pvgen"
	install -D -m 644 docs/pvgen.1 "$(DESTDIR)$(PREFIX)/share/man/man1/pvgen.1"
	install -d "$(DESTDIR)$(PREFIX)/share/pkgconfig"
	printf '$(PC)' "$$($< --version | cut -d ' ' -f 2)" >"$(DESTDIR)$(PREFIX)/share/pkgconfig/pvgen.pc"

regen: $(BUILD)/pvgen
	$< build --outdir generated $(IDL) $(ABIS)
	$< build --arch=i386 --outdir $(GENERATED_i386) $(IDL_i386)
	$(if $(IDL_rom),$< build --arch=i386 --outdir $(GENERATED_i386) $(IDL_rom))
	$< build --emit=snapshot:generated/pv.abi.json $(IDL)
	$< build --emit=snapshot:generated/linux.abi.json $(LINUX)
	for abi in $(ALONE); do $< build --outdir generated --emit=snapshot $$abi || exit; done

# ---- the guest kernel: one image for all environments of an architecture ----
# guest.elf holds all backends; guest-native+xen_pv.elf, and so on, these alone.  A backend
# is in an image if its table is; the linker then takes of backends/ what the table reaches.
# guest32.elf is the same for i386.

# What differs between architectures: flags, the linker's name, folders of backends, descriptions.
ARCHES              := x86_64 i386
FLAGS_x86_64        := -m64 -mcmodel=kernel -mno-red-zone
FLAGS_i386          := -m32 -march=i686 -mregparm=3 -freg-struct-return
FORMAT_x86_64       := elf_x86_64
FORMAT_i386         := elf_i386
FOLDERS_x86_64      = $(filter-out vmi vmi_rom,$(notdir $(wildcard backends/*)))
FOLDERS_i386        := native vmi
GENERATED_x86_64    := $(GENERATED)
IDL_x86_64          := $(IDL)

# Backends in the image, or (on x86_64) a blob beside it; what knows of loaders is then one object.
LINKED_SRC   := runtime/detect.c runtime/x86_64/hypercall.S tests/boot/linked.c \
		tests/boot/x86_64/voice.c tests/boot/x86_64/hypercall_note.S
SHIM_SRC     := tests/boot/x86_64/head.S tests/boot/early.c tests/boot/x86_64/hypervisors.c \
		tests/boot/x86_64/shim.c
SUPPLIED_SRC := runtime/blob.c tests/boot/supplied.c tests/boot/x86_64/builtin.S \
		$(GENERATED)/pv_binary.c $(GENERATED)/pv_binary.S

define arch-sources
BACKENDS_$(1)    := $$(filter-out %_canaries %_binary %_blob $$(ROMS),\
		    $$(basename $$(notdir $$(wildcard $$(GENERATED_$(1))/*.S))))
COMMON_SRC_$(1)  := $$(wildcard runtime/*.c runtime/$(1)/*.S tests/boot/*.c tests/boot/$(1)/*.c \
		    tests/boot/$(1)/*.S) $$(GENERATED_$(1))/pv.c $$(GENERATED_$(1))/pv_canaries.S
KERNEL_SRC_$(1)  := $$(filter-out $$(SUPPLIED_SRC) %/shim.c,$$(COMMON_SRC_$(1)))
BACKEND_SRC_$(1) := $$(wildcard $$(foreach folder,$$(FOLDERS_$(1)),backends/$$(folder)/*.c \
		    backends/$$(folder)/*.S backends/$$(folder)/$(1)/*.c))
GUEST_SRC_$(1)   := $$(KERNEL_SRC_$(1)) $$(BACKEND_SRC_$(1)) \
		    $$(basename $$(call tables,$(1),$$(BACKENDS_$(1))))
endef

tables        = $(foreach name,$(2),$(GENERATED_$(1))/$(name).c.o $(GENERATED_$(1))/$(name).S.o)
$(foreach arch,$(ARCHES),$(eval $(call arch-sources,$(arch))))
BLOB_KERNEL  := $(filter-out $(LINKED_SRC) $(SHIM_SRC),$(COMMON_SRC_x86_64)) \
		$(filter-out $(COMMON_SRC_x86_64),$(SUPPLIED_SRC))
GUEST_SRC_x86_64 := $(sort $(GUEST_SRC_x86_64) $(BLOB_KERNEL) $(SHIM_SRC))
GUEST_CFLAGS := -std=gnu11 -ffreestanding $(FLAGS_x86_64) -mgeneral-regs-only \
		-fno-pic -fno-pie -fno-stack-protector -fcf-protection=branch \
		-fno-asynchronous-unwind-tables -O2 -g -Wall -Wextra -Werror \
		-I$(GENERATED) -Iruntime -Itests/boot -Itests/boot/x86_64 -Wa,-I$(BUILD)
GUEST_LDFLAGS := -nostdlib -static -z noexecstack -z max-page-size=4096 --no-warn-rwx-segments
guest-cflags  = $(subst /x86_64,/$(1),$(subst -I$(GENERATED) ,-I$(GENERATED_$(1)) ,$(subst \
		$(FLAGS_x86_64),$(FLAGS_$(1)),$(GUEST_CFLAGS))))

# $(1): name of the image, $(2): compiler, $(3): architecture
define guest-build
$(BUILD)/$(1)/%.o: %
	@mkdir -p $$(@D)
	@echo '  CC    $$@'
	@$(2) $(call guest-cflags,$(3)) -MMD -MP -c -o $$@ $$<

# Folders have files of the same name, so members are appended, never replaced.
$(BUILD)/$(1)/backends.a: $(BACKEND_SRC_$(3):%=$(BUILD)/$(1)/%.o)
	@rm -f $$@
	@ar qcs $$@ $$^

-include $(GUEST_SRC_$(3):%=$(BUILD)/$(1)/%.d)
endef

# $(1): name of the image, $(2): the rest of it, $(3): architecture, $(4): backends
define guest-link
$(BUILD)/$(1)$(2).elf: tests/boot/$(3)/kernel.lds tests/boot/sections.lds $(KERNEL_SRC_$(3):%=$(BUILD)/$(1)/%.o) \
		$$$$(addprefix $(BUILD)/$(1)/,$$$$(call tables,$(3),$(4))) $(BUILD)/$(1)/backends.a \
		$(BUILD)/pvgen $(IDL_$(3))
	@echo '  LD    $$@'
	@ld -m $(FORMAT_$(3)) $(GUEST_LDFLAGS) -T $$< -o $$@ $$(filter %.o %.a,$$^)
	@$(BUILD)/pvgen verify --arch=$(3) $$@ $$(filter %.o,$$^) \
		$(BACKEND_SRC_$(3):%=$(BUILD)/$(1)/%.o) $(IDL_$(3))
endef

# $(1): name of the image, $(2): compiler, $(3): architecture
define guest
$(call guest-link,$(1),,$(3),$(BACKENDS_$(3)))
$(call guest-link,$(1),-%,$(3),$$$$(subst +, ,$$$$*))
$(call guest-build,$(1),$(2),$(3))
endef

.SECONDEXPANSION:
$(eval $(call guest,guest,$(CC),x86_64))
$(eval $(call guest,guest-clang,$(CLANG),x86_64))
$(eval $(call guest,guest32,$(CC),i386))
$(eval $(call guest,guest32-clang,$(CLANG),i386))

# ---- blobs: the same objects behind the binary interface, each backend a file of its own ----
# Only a paravirtualised domain of Xen's makes its calls without a page that Xen fills.

BLOBS             := native xen_pv xen_pvh
BLOB_MORE_xen_pvh := runtime/x86_64/hypercall.S

.PRECIOUS: $(BUILD)/guest/%.o $(BUILD)/%.blob.elf
$(BUILD)/%.blob.elf: runtime/blob.lds $(BUILD)/guest/$(GENERATED)/%.c.o \
		$(BUILD)/guest/$(GENERATED)/%_blob.S.o \
		$$(patsubst %,$(BUILD)/guest/%.o,$$(BLOB_MORE_$$*)) $(BUILD)/guest/backends.a
	@echo '  LD    $@'
	@ld -q $(GUEST_LDFLAGS) --unresolved-symbols=ignore-all -T $< -o $@ $(filter %.o %.a,$^)

$(BUILD)/%.blob: $(BUILD)/%.blob.elf $(BUILD)/pvgen $(IDL)
	@echo '  SEAL  $@'
	@$(BUILD)/pvgen seal -o $@ $< $(IDL)

# ---- ROMs: position-independent, never written to when a guest runs ----
# NAME.rom, NAME-trace.rom, which writes the number of each call to an I/O port, NAME-clang.rom.

# A processor with a time-stamp counter and a local APIC need not have conditional moves.
ROM_CFLAGS  := -std=gnu11 -ffreestanding $(FLAGS_i386) -march=i586 -mgeneral-regs-only -fpie -fvisibility=hidden \
	       -fno-stack-protector -fcf-protection=none -fno-asynchronous-unwind-tables -Os -g -Wall \
	       -Wextra -Werror -I$(GENERATED_i386) -Iruntime -Ibackends/vmi_rom -Ibackends/native
# Of one kind alone, for its assembly.
ROM_FLAGS-trace := -Wa,-defsym,PV_ROM_TRACE=0xeb
# Common ones, and those of a folder named like the ROM behind the abi's name.
rom-sources  = $(GENERATED_i386)/$(1).S $(wildcard $(foreach folder,backends/vmi_rom \
	       backends/vmi_rom/$(1:vmi_%=%),$(folder)/*.c $(folder)/*.S)) $(ROM_MORE_$(1))
ROM_MORE_vmi_native := backends/native/cmos.c
ROM_MORE_vmi_xen    := $(addprefix backends/vmi_rom/native/,apic.c calls.S init.c)

# $(1): suffix of the ROM's name, $(2): compiler
define rom-build
$(BUILD)/rom$(1)/%.o: %
	@mkdir -p $$(@D)
	@echo '  CC    $$@'
	@$(2) $(ROM_CFLAGS) $$(if $$(filter %.S,$$<),$$(ROM_FLAGS$(1))) -MMD -MP -c -o $$@ $$<

$(BUILD)/%$(1).rom.elf: runtime/rom.lds \
		$$$$(addprefix $(BUILD)/rom$(1)/,$$$$(addsuffix .o,$$$$(call rom-sources,$$$$*)))
	@echo '  LD    $$@'
	@ld -m elf_i386 -q $(GUEST_LDFLAGS) -T $$< -o $$@ $$(filter %.o,$$^)

$(BUILD)/%$(1).rom: $(BUILD)/%$(1).rom.elf $(BUILD)/pvgen idl/rom/%.pvi
	@echo '  SEAL  $$@'
	@$(BUILD)/pvgen seal --arch=i386 -o $$@ $$< idl/rom/$$*.pvi

-include $(foreach rom,$(ROMS),$(patsubst %,$(BUILD)/rom$(1)/%.d,$(call rom-sources,$(rom))))
endef

.PRECIOUS: $(foreach kind,rom rom-trace rom-clang,$(BUILD)/$(kind)/%.o) \
	   $(foreach kind,.rom -trace.rom -clang.rom,$(BUILD)/%$(kind).elf)
$(eval $(call rom-build,,$(CC)))
$(eval $(call rom-build,-trace,$(CC)))
$(eval $(call rom-build,-clang,$(CLANG)))

# A kernel for blobs: nothing of any backend is in it but the bytes of one blob.

define blob-kernel
$(BUILD)/$(1)/tests/boot/x86_64/builtin.S.o: $(BUILD)/native.blob

$(BUILD)/$(1)/shim.o: $(SHIM_SRC:%=$(BUILD)/$(1)/%.o)
	@ld -r -o $$@ $$^

$(BUILD)/$(1)-blob.elf: tests/boot/x86_64/kernel.lds tests/boot/sections.lds \
		$(BLOB_KERNEL:%=$(BUILD)/$(1)/%.o) \
		$(BUILD)/$(1)/shim.o
	@echo '  LD    $$@'
	@ld $(GUEST_LDFLAGS) -T $$< -o $$@ $$(filter %.o,$$^)
endef

$(foreach name,guest guest-clang,$(eval $(call blob-kernel,$(name))))

# Once it is there, a new way to download it is no reason to do so.
$(BUILD)/xen/xen.elf: XEN := boot/xen-4.17-amd64.gz
$(BUILD)/xen/xen.elf: | tests/download.sh
	@mkdir -p $(@D)
	@folder=$$(sh tests/download.sh bookworm xen-hypervisor-4.17-amd64 ./$(XEN)) && \
		gunzip -c "$$folder/$(XEN)" > $@

# For domains of 32 bits, where QEMU is no processor.
$(BUILD)/xen/xen-pae.elf: $(BUILD)/xen/xen.elf tests/boot/xen_pae.py
	@$(PYTHON) tests/boot/xen_pae.py $< $@

# ---- the patcher under stress ----

include tests/stress/rules.mk
include tests/canary/rules.mk
include tests/oracle/rules.mk
include tests/blob/rules.mk
include tests/scan/rules.mk
include tests/report/rules.mk
include tests/rom/rules.mk

# ---- pvgen under fuzzers ----

include tests/fuzz/rules.mk

# ---- Linux 6.1 with generated text ----

include tests/linux/rules.mk

# ---- the plugin that counts instructions ----

$(BUILD)/cost.so: tests/cost/plugin.c
	@mkdir -p $(@D)
	@echo '  LD    $@'
	@$(CC) -std=gnu11 -shared -fPIC -O2 -g -Wall -Wextra -Werror -o $@ $<

# ---- the main job and the tests ----

demo: $(BUILD)/pvgen $(BUILD)/guest.elf $(BUILD)/cost.so $(BUILD)/xen/xen.elf
	$(BUILD)/pvgen check $(IDL)
	$(PYTHON) tests/boot/demo.py

demo-vmi: $(BUILD)/guest32.elf $(ROMS:%=$(BUILD)/%.rom) $(BUILD)/xen/xen-pae.elf
	$(PYTHON) tests/boot/demo_rom.py

check-tree: $(BUILD)/pvgen $(BUILD)/sanitized/pvgen $(BUILD)/clang/pvgen \
	$(BUILD)/guest.elf $(BUILD)/guest-clang.elf $(BUILD)/guest32.elf $(BUILD)/guest32-clang.elf \
	$(foreach rom,$(ROMS),$(BUILD)/$(rom).rom $(BUILD)/$(rom)-trace.rom) $(BUILD)/xen/xen-pae.elf \
	$(BUILD)/guest-blob.elf $(BUILD)/guest-clang-blob.elf $(BLOBS:%=$(BUILD)/%.blob) $(BUILD)/xen/xen.elf \
	$(BUILD)/canary/run-gcc $(BUILD)/canary/run-clang $(BUILD)/cost.so $(BUILD)/bench/forms \
	$(BUILD)/oracle/judged.json

check: check-tree
	$(PYTHON) -m pytest -q -n 2 tests

check-fast: $(BUILD)/pvgen $(BUILD)/sanitized/pvgen
	$(PYTHON) -m pytest -q -n 2 -m "not slow" tests/compiler tests/fuzz tests/transcription

bench: $(BUILD)/pvgen $(BUILD)/bench/forms
	$(PYTHON) tests/bench/speed.py
	$(PYTHON) tests/bench/peers.py
	$(PYTHON) tests/bench/kernels.py
	$(PYTHON) tests/bench/forms.py $(BUILD)/bench/forms --json $(BUILD)/bench/forms.json

$(BUILD)/bench/forms: tests/bench/forms.c
	@mkdir -p $(@D)
	@echo '  LD    $@'
	@$(CC) -std=gnu11 -O2 -g -Wall -Wextra -Werror -mno-red-zone -fno-pic -fno-pie -no-pie \
		-fcf-protection=branch -o $@ $<

format: $(BUILD)/pvgen
	$< fmt -w idl
	clang-format -i $(wildcard compiler/*.[ch] runtime/*.[ch] runtime/*/*.h backends/*/*.[ch] backends/*/*/*.[ch] \
		tests/boot/*.[ch] tests/boot/*/*.[ch] \
		tests/stress/*.[ch] tests/canary/*.[ch] tests/cost/*.c tests/bench/*.c tests/fuzz/*.c \
		tests/linux/*.c tests/oracle/*.[ch] tests/blob/*.[ch] tests/scan/*.c tests/rom/*.[ch])

clean:
	rm -rf $(BUILD)
