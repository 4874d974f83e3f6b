// files WHAT PATH [...]: tries the file system as far as the host's --dir shows it.
//   read PATH           copies the file to standard output
//   write PATH TEXT     makes or replaces it
//   append PATH TEXT    adds to it
//   list PATH           prints the names in a directory, one a line, in the host's order
//   mkdir|remove PATH
//   rename FROM TO
//   size PATH           prints its size in bytes
// Exit code 0 when it worked; 1 and "files: WHAT PATH: reason" on standard error when not.
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int copy_out(const char* path) {
  static char buffer[65536];
  FILE* file = fopen(path, "rb");
  if (!file) return -1;
  size_t got;
  while ((got = fread(buffer, 1, sizeof(buffer), file)) > 0)
    fwrite(buffer, 1, got, stdout);
  const int bad = ferror(file);
  fclose(file);
  return bad ? -1 : 0;
}

static int put(const char* path, const char* mode, const char* text) {
  FILE* file = fopen(path, mode);
  if (!file) return -1;
  const int bad = fputs(text, file) < 0;
  return fclose(file) || bad ? -1 : 0;
}

static int list(const char* path) {
  DIR* dir = opendir(path);
  if (!dir) return -1;
  // errno tells the end from a failure, and puts may set it.
  for (struct dirent* entry; errno = 0, (entry = readdir(dir));)
    if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..")) puts(entry->d_name);
  const int reason = errno;
  closedir(dir);
  errno = reason;
  return reason ? -1 : 0;
}

static int size(const char* path) {
  struct stat info;
  if (stat(path, &info)) return -1;
  printf("%lld\n", (long long)info.st_size);
  return 0;
}

int main(int argc, char** argv) {
  const char* what = argc > 2 ? argv[1] : "";
  const char* path = argc > 2 ? argv[2] : "";
  int result;
  if (!strcmp(what, "read") && argc == 3) {
    result = copy_out(path);
  } else if (!strcmp(what, "write") && argc == 4) {
    result = put(path, "wb", argv[3]);
  } else if (!strcmp(what, "append") && argc == 4) {
    result = put(path, "ab", argv[3]);
  } else if (!strcmp(what, "list") && argc == 3) {
    result = list(path);
  } else if (!strcmp(what, "mkdir") && argc == 3) {
    result = mkdir(path, 0777);
  } else if (!strcmp(what, "remove") && argc == 3) {
    result = remove(path);
  } else if (!strcmp(what, "rename") && argc == 4) {
    result = rename(path, argv[3]);
  } else if (!strcmp(what, "size") && argc == 3) {
    result = size(path);
  } else {
    fprintf(stderr,
            "Usage: files read|list|mkdir|remove|size PATH | write|append PATH TEXT | "
            "rename FROM TO\n");
    return 2;
  }
  if (result == 0) return 0;
  fprintf(stderr, "files: %s %s: %s\n", what, path, strerror(errno));
  return 1;
}
