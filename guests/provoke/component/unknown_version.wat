;; A component for a version of wasi:nn that is not offered: refused at once, naming what it asked for.
(component
  (import "wasi:nn/tensor@0.2.0-rc-2030-01-01" (instance
    (export "tensor" (type (sub resource)))))
  (core module $m (func (export "run") (result i32) i32.const 0))
  (core instance $i (instantiate $m))
  (func $run (result (result)) (canon lift (core func $i "run")))
  (instance $exported (export "run" (func $run)))
  (export "wasi:cli/run@0.2.0" (instance $exported)))
