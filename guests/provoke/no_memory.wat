;; Exports no memory at all. Calls load_by_name, which needs one: wants 1 (invalid_argument) or
;; 3 (missing_memory). Returns from _start when so, else traps: WASI's proc_exit needs memory too.
(module
  (import "wasi_ephemeral_nn" "load_by_name"
    (func $load_by_name (param i32 i32 i32) (result i32)))
  (func (export "_start") (local $errno i32)
    (local.set $errno (call $load_by_name (i32.const 16) (i32.const 4) (i32.const 32)))
    (if (i32.eq (local.get $errno) (i32.const 1)) (then (return)))
    (if (i32.eq (local.get $errno) (i32.const 3)) (then (return)))
    unreachable))
