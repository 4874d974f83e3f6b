;; Exports no _start: all it does it does in its start section, as AssemblyScript's modules do. It is
;; a program, and calls wasi-nn and WASI there.
(module
  (import "wasi_ephemeral_nn" "load_by_name"
    (func $load_by_name (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 16) "echo")
  (data (i32.const 48) "\10\00\00\00\04\00\00\00")
  (func $all
    (if (call $load_by_name (i32.const 16) (i32.const 4) (i32.const 32)) (then unreachable))
    (drop (call $fd_write (i32.const 1) (i32.const 48) (i32.const 1) (i32.const 56))))
  (start $all)
  (func (export "main") (result i32) (i32.const 7)))
