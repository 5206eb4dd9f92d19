# make demo    installs what is missing, builds, trains a robot to walk and shows it
# make test    installs what is missing, builds, runs all tests that this machine can run
#
# PRESET=cpu make test chooses a preset of CMakePresets.json; DEMO=play make demo plays the policy that
# the repository holds; DEMO_SECONDS=45 make demo trains for a shorter time; JOBS=2 limits the build.
PRESET ?= default
JOBS ?= $(shell nproc)
export PRESET JOBS DEMO DEMO_SECONDS
STEP := @bash tests/steps.sh

.PHONY: demo test test-peers test-gpu pack-gpu bench-gpu build style format asan tsan fuzz instructions registers bench bench-demo packages python clean

test: packages python
	$(STEP) test

demo: packages
	$(STEP) demo

build: packages
	$(STEP) build

# Debian packages: only missing names are installed
packages:
	$(STEP) packages

# .venv with the Python packages of the tests; without an index the C++ side still builds and runs
python: packages
	$(STEP) python

# adapters under the learners they were made for: torch and rsl_rl, gigabytes in .venv-peers
test-peers: build
	$(STEP) peers

# on a machine with a GPU: bits of the CPU, compute-sanitizer; steps per second beside MuJoCo Warp and MJX
test-gpu: packages python
	$(STEP) test-gpu

bench-gpu: packages python
	$(STEP) bench-gpu

# the same for a machine with a GPU and nothing else: programs in build/cuda/gpu.tar.xz for tests/gpu_alone.sh
pack-gpu: packages
	@PRESET=cuda bash tests/steps.sh pack-gpu

style:
	@python3 tests/style/check.py

format:
	@python3 tests/style/check.py --fix

asan:
	@PRESET=asan bash tests/steps.sh test

tsan:
	@PRESET=tsan bash tests/steps.sh test

# readers of files against libFuzzer, FUZZ_SECONDS each
fuzz:
	@bash tests/fuzz/run.sh

# instructions of a world-step against those kept, by valgrind
instructions: build
	@.venv/bin/python bench/instructions.py --binary build/$(PRESET)/motorium --check $(SCENES)

# registers and spills of the CUDA kernels on four architectures against those kept: minutes each
registers: build
	@.venv/bin/python bench/cuda_registers.py build/$(PRESET) --all --check

bench: build
	build/$(PRESET)/motorium bench

# five learners of the task behind `make demo`: median error and standing
bench-demo: build
	build/$(PRESET)/motorium bench demo

clean:
	rm -rf build .stamps
