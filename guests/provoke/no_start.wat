;; Is no command: it exports no _start. Refused in a sentence.
(module
  (memory (export "memory") 1)
  (func (export "run")))
