# A thin wrapper on the presets in CMakePresets.json. `make help` says what there is.

MODEL = build/models/efficientnet-lite0.onnx
PHOTO = coffee.png
BACKEND =
TOP = 5

.DEFAULT_GOAL := help
.PHONY: help run run-chat test bench lint format clean build build-% test-% system system-lint always

help:
	@echo 'make run      set everything up, then let a guest say what is in a photo'
	@echo '              (PHOTO=chelsea.png  BACKEND=openvino  TOP=5)'
	@echo 'make run-chat set everything up, then talk to a small language model'
	@echo 'make test     set everything up and run every test'
	@echo 'make bench    build optimised and print the table of docs/performance.md'
	@echo 'make lint     clang-format and clang-tidy, changing nothing'
	@echo 'make format   clang-format every source of ours'
	@echo 'make clean    remove the build folders; what was downloaded stays in the cache'
	@echo 'make build-X  only build preset X: dev asan tsan full bench   make test-X  and test it'

# $(call configure,PRESET,DIR): again only if the folder is new, the presets have changed, or
# something it was given is gone; every other change ninja sees by itself.
define configure
	@if [ ! -f $(2)/build.ninja ] || [ CMakePresets.json -nt $(2)/build.ninja ] || ! sed -n 's/^NACRE_DEP_[A-Z0-9_]*:INTERNAL=\(\/.*\)/\1/p' \
	    $(2)/CMakeCache.txt | while read -r path; do [ -e "$$path" ] || exit 1; done; then \
	  cmake --preset $(1); fi
endef

always:
.PRECIOUS: build-%

system:
	@deps/system.sh build

system-lint: system
	@deps/system.sh lint

build: build-full

build-full: system
	$(call configure,full,build)
	@cmake --build build

build-%: always
	@deps/system.sh $(if $(filter dev asan tsan,$*),dev,build)
	$(call configure,$*,build-$*)
	@cmake --build build-$*

# Builds only what it and the README show; `make test` builds the rest. The same guest twice: as a
# component and as a core module.
run: system
	$(call configure,full,build)
	@cmake --build build --target nacre_run
	@echo 'As a component:'
	@$(RUN) build/guests/classify.component.wasm $(CLASSIFY)
	@echo 'As a core module:'
	@$(RUN) build/guests/classify.wasm $(CLASSIFY)

run-chat: system
	$(call configure,full,build)
	@cmake --build build --target nacre_run_chat
	@./build/nacre run --nn-preload default:GGML:AUTO:build/models/smollm2.gguf \
	  build/guests/chat.wasm $(CHAT)

CHAT =

RUN = ./build/nacre run --model 'imagenet=$(MODEL)$(if $(BACKEND),$(comma)backend=$(BACKEND))' \
	--dir build/photos::/photos --dir build/labels::/labels
CLASSIFY = --top $(TOP) --labels /labels/imagenet_labels.txt imagenet /photos/$(PHOTO)

comma := ,

test: test-full

test-full: build-full
	@cmake/run_tests.py build

test-%: build-%
	@cmake/run_tests.py build-$*

bench: build-bench
	@./build-bench/bench/nacre_bench

SOURCES = git ls-files '*.h' '*.hpp' '*.c' '*.cc'

lint: system-lint
	@$(SOURCES) | xargs clang-format-19 --dry-run -Werror
	$(call configure,full,build)
	@.ci/tidy build

format: system-lint
	@$(SOURCES) | xargs clang-format-19 -i

clean:
	rm -rf build build-dev build-asan build-tsan build-bench
