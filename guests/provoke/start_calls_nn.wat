;; Its start function, which runs while the module is being instantiated, calls load_by_name. The
;; call must work (or end this guest cleanly): _start exits with the errno, so 0 when it worked.
(module
  (import "wasi_ephemeral_nn" "load_by_name"
    (func $load_by_name (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 16) "echo")
  (global $errno (mut i32) (i32.const 99))
  (func $early
    (global.set $errno
      (call $load_by_name (i32.const 16) (i32.const 4) (i32.const 32))))
  (start $early)
  (func (export "_start")
    (call $proc_exit (global.get $errno))))
