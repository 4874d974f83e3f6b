;; Its start function traps: the module never becomes an instance.
(module
  (memory (export "memory") 1)
  (func $early unreachable)
  (start $early)
  (func (export "_start")))
