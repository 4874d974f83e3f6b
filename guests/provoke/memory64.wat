;; Exports a 64-bit memory, which the interface's 32-bit pointers are not for. Refusing to
;; instantiate it with a sentence is right; so is answering 1 (invalid_argument) or
;; 3 (missing_memory), and then _start returns. It traps when the call succeeds.
(module
  (import "wasi_ephemeral_nn" "load_by_name"
    (func $load_by_name (param i32 i32 i32) (result i32)))
  (memory (export "memory") i64 1)
  (data (i64.const 16) "echo")
  (func (export "_start") (local $errno i32)
    (local.set $errno (call $load_by_name (i32.const 16) (i32.const 4) (i32.const 32)))
    (if (i32.eq (local.get $errno) (i32.const 1)) (then (return)))
    (if (i32.eq (local.get $errno) (i32.const 3)) (then (return)))
    unreachable))
