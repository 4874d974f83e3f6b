;; A component with two imports that nobody offers, beside one that is: refused with the list of both.
(component
  (import "wasi:nn/tensor@0.2.0-rc-2024-10-28" (instance
    (export "tensor" (type (sub resource)))))
  (import "wasi:nn/training@0.2.0-rc-2024-10-28" (instance
    (export "train" (func))))
  (import "acme:widgets/spin" (func (param "times" u32)))
  (core module $m (func (export "run") (result i32) i32.const 0))
  (core instance $i (instantiate $m))
  (func $run (result (result)) (canon lift (core func $i "run")))
  (instance $exported (export "run" (func $run)))
  (export "wasi:cli/run@0.2.0" (instance $exported)))
