;; Imports a function that wasi-nn does not have: refused when linking, in a sentence naming it.
(module
  (import "wasi_ephemeral_nn" "load_by_telepathy" (func (param i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start")))
