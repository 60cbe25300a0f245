#!/usr/bin/env bash
# Builds llama-server and llama-bench into DIR/bin, for comparison. Safe to repeat: what is there stays.
# usage: build-peers.sh DIR
set -euo pipefail

dir=${1:?usage: build-peers.sh DIR}
package=llama-cpp-python
version=0.3.36

if [ -x "$dir/bin/llama-server" ] && [ -x "$dir/bin/llama-bench" ]; then
    echo "There already: $dir/bin/llama-server, $dir/bin/llama-bench"
    exit 0
fi
mkdir -p "$dir/bin"
dir=$(cd "$dir" && pwd)
archive=$dir/${package//-/_}-$version.tar.gz

# Its source distribution carries the sources of llama.cpp. pip asks the package for its metadata after the download,
# which compiles nothing; only that package is taken as source, what its build system is made of is not.
if [ ! -f "$archive" ]; then
    python3 -m venv "$dir/venv"
    "$dir/venv/bin/python" -m pip download --quiet --disable-pip-version-check --no-deps \
        --no-binary "$package" --dest "$dir" "$package==$version"
fi

# Unpacked under another name first: a broken-off attempt is not taken for the sources.
if [ ! -d "$dir/llama.cpp" ]; then
    rm -rf "$dir/unpacked"
    mkdir "$dir/unpacked"
    tar -xzf "$archive" -C "$dir/unpacked" --strip-components=3 --wildcards '*/vendor/llama.cpp/*'
    mv "$dir/unpacked" "$dir/llama.cpp"
fi

# The same instruction set as Viva's engine, which is built to run on any x86-64 machine with AVX2.
cmake -S "$dir/llama.cpp" -B "$dir/build" -DCMAKE_BUILD_TYPE=Release \
    -DGGML_NATIVE=OFF -DGGML_SSE42=ON -DGGML_AVX=ON -DGGML_AVX2=ON -DGGML_FMA=ON -DGGML_F16C=ON -DGGML_BMI2=ON \
    -DBUILD_SHARED_LIBS=OFF -DLLAMA_CURL=OFF -DLLAMA_OPENSSL=OFF -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF \
    -DLLAMA_BUILD_UI=OFF -DLLAMA_USE_PREBUILT_UI=OFF >"$dir/cmake.log"
cmake --build "$dir/build" --target llama-server llama-bench --parallel "$(nproc)"
for program in llama-server llama-bench; do
    cp "$dir/build/bin/$program" "$dir/bin/$program.new"
    mv "$dir/bin/$program.new" "$dir/bin/$program"
done
echo "Built: $dir/bin/llama-server, $dir/bin/llama-bench"
