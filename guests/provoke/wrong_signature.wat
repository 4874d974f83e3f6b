;; Imports load_by_name with a parameter too few: refused when linking, in a sentence naming it.
(module
  (import "wasi_ephemeral_nn" "load_by_name" (func (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start")))
