// Stands for a vendor's library.
extern "C" int vanished_vendor_function() {
  return 1;
}
