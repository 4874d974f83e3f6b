;; Its start function never returns: limits of time must hold during instantiation too.
(module
  (memory (export "memory") 1)
  (func $early (loop $again (br $again)))
  (start $early)
  (func (export "_start")))
