;; A component whose load-by-name answers a number: refused with a sentence, since wasi:nn's does not.
(component
  (import "wasi:nn/graph@0.2.0-rc-2024-10-28" (instance
    (export "load-by-name" (func (param "name" string) (result u32)))))
  (core module $m (func (export "run") (result i32) i32.const 0))
  (core instance $i (instantiate $m))
  (func $run (result (result)) (canon lift (core func $i "run")))
  (instance $exported (export "run" (func $run)))
  (export "wasi:cli/run@0.2.0" (instance $exported)))
