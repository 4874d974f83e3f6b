;; Has a memory but does not export it. As no_memory.wat.
(module
  (import "wasi_ephemeral_nn" "load_by_name"
    (func $load_by_name (param i32 i32 i32) (result i32)))
  (memory 1)
  (data (i32.const 16) "echo")
  (func (export "_start") (local $errno i32)
    (local.set $errno (call $load_by_name (i32.const 16) (i32.const 4) (i32.const 32)))
    (if (i32.eq (local.get $errno) (i32.const 1)) (then (return)))
    (if (i32.eq (local.get $errno) (i32.const 3)) (then (return)))
    unreachable))
