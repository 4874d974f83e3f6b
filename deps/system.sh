#!/bin/sh
# deps/system.sh build|dev|lint: says in one sentence which system packages are missing, with the line
# that installs them; installs them itself where that needs no password. Who has the libraries in a
# place of their own, known to CMake by -D or CMAKE_PREFIX_PATH, sets NACRE_NO_SYSTEM_CHECK=1.
set -eu
[ -z "${NACRE_NO_SYSTEM_CHECK:-}" ] || exit 0

have() { command -v "$1" >/dev/null 2>&1; }

missing=""
need_tool() { # command, package
  have "$1" || missing="$missing $2"
}
need_header() { # header, package
  for dir in /usr/include /usr/local/include $(echo "${CPATH:-}" | tr : ' '); do
    [ -e "$dir/$1" ] && return
  done
  missing="$missing $2"
}
need_file() { # path, package
  [ -e "$1" ] || missing="$missing $2"
}

case "${1:-build}" in
build | dev)
  need_tool g++ g++
  need_tool cmake cmake
  need_tool ninja ninja-build
  need_tool python3 python3
  if have python3 && ! python3 -c 'import pip' 2>/dev/null; then missing="$missing python3-pip"; fi
  need_tool ccache ccache
  need_tool mold mold
  need_header CLI/CLI.hpp libcli11-dev
  need_header nlohmann/json.hpp nlohmann-json3-dev
  need_header openssl/evp.h libssl-dev
  need_header fmt/format.h libfmt-dev
  need_header toml++/toml.h libtomlplusplus-dev
  need_header gtest/gtest.h libgtest-dev
  need_header gmock/gmock.h libgmock-dev
  need_header stb/stb_image.h libstb-dev
  need_tool zsh zsh # a test has it read the completion
  ;;
esac
case "${1:-build}" in
build)
  need_tool npm npm
  need_header torch/script.h libtorch-dev
  # It exports the network as TorchScript, run by Debian's own Python.
  need_file /usr/lib/python3/dist-packages/torch/__init__.py python3-torch
  # What the tests are run on: the ONNX operator tests, and recorded speech.
  need_file /usr/share/libonnx-testdata/data/node/test_abs/model.onnx libonnx-testdata
  need_file /usr/share/pocketsphinx/test/data/goforward.raw pocketsphinx-testdata
  ;;
lint)
  need_tool clang-format-19 clang-format-19
  need_tool clang-tidy-19 clang-tidy-19
  need_tool run-clang-tidy-19 clang-tidy-19
  ;;
dev) ;;
*)
  echo "usage: deps/system.sh build|dev|lint" >&2
  exit 2
  ;;
esac

# Rust is not installed from here: Debian's own is too old, and a toolchain is its user's choice.
if [ "${1:-build}" != lint ]; then
  rust=$(rustc --version 2>/dev/null | sed -n 's/^rustc 1\.\([0-9]*\)\..*/\1/p')
  if [ -z "$rust" ] || [ "$rust" -lt 95 ] || ! have cargo; then
    echo "nacre: Rust 1.95 or newer is needed (rustc and cargo on PATH), and here is" \
      "$(rustc --version 2>/dev/null || echo none); install it, for instance with rustup." >&2
    exit 1
  fi
fi

[ -n "$missing" ] || exit 0
missing=$(echo $missing | tr ' ' '\n' | sort -u | tr '\n' ' ' | sed 's/ $//')

if have apt-get && [ "$(id -u)" = 0 ]; then
  sudo=""
elif have apt-get && have sudo && sudo -n true 2>/dev/null; then
  sudo="sudo -n"
else
  echo "nacre: these system packages are missing; install them with:" \
    "apt-get install $missing" >&2
  exit 1
fi
echo "nacre: installing the missing system packages: $sudo apt-get install $missing" >&2
export DEBIAN_FRONTEND=noninteractive
install() { $sudo apt-get install --yes --no-install-recommends $missing >&2; }
# The package lists may be absent or old; they are fetched anew only then.
install || { $sudo apt-get update >&2 && install; } || {
  echo "nacre: apt-get could not install: $missing; it says why above." >&2
  exit 1
}
