#include "archive.h"

#include <caffe2/serialize/inline_container.h>
#include <torch/csrc/jit/frontend/lexer.h>
#include <torch/csrc/jit/frontend/parser.h>
#include <torch/csrc/jit/frontend/tree_views.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

namespace nacre::torch {
namespace {

namespace jit = ::torch::jit;

bool is_literal(const jit::TreeRef& tree);

bool all_literals(const jit::TreeRef& tree) {
  return std::ranges::all_of(tree->trees(), is_literal);
}

bool is_name(const jit::Expr& expr, std::initializer_list<std::string_view> names) {
  return expr.kind() == jit::TK_VAR &&
         std::ranges::find(names, std::string_view(jit::Var(expr).name().name())) != names.end();
}

// What the exporter writes for a default or a constant: nothing of it calls an operator.
bool is_literal(const jit::TreeRef& tree) {
  switch (tree->kind()) {
    case jit::TK_CONST:
    case jit::TK_STRINGLITERAL:
    case jit::TK_TRUE:
    case jit::TK_FALSE:
    case jit::TK_NONE:
      return true;
    case jit::TK_UNARY_MINUS:
    case jit::TK_LIST_LITERAL:
    case jit::TK_TUPLE_LITERAL:
    case jit::TK_DICT_LITERAL:
    case jit::TK_LIST:
      return all_literals(tree);
    case jit::TK_VAR:
      return is_name(jit::Expr(tree), {"inf", "nan", "infj", "nanj"});
    case '.':  // CONSTANTS.c0
      return is_name(jit::Select(tree).value(), {"CONSTANTS"});
    case jit::TK_APPLY: {
      // annotate(List[int], []): the first is a type
      const jit::Apply apply(tree);
      return is_name(apply.callee(), {"annotate"}) && apply.inputs().size() == 2 &&
             apply.attributes().empty() && is_literal(apply.inputs()[1].tree());
    }
    default:
      return false;
  }
}

Result<void> check_function(const jit::Def& function, const std::string& owner) {
  const std::string name = owner + function.name().name();
  if (function.name().name() == "__setstate__") {
    return fail(ErrorCode::kSecurity,
                "The model's " + name +
                    " would run while the model is loaded; save the model without "
                    "__getstate__ and __setstate__.");
  }
  for (const jit::Param& parameter : function.decl().params()) {
    if (!parameter.defaultValue().present()) continue;
    if (is_literal(parameter.defaultValue().get().tree())) continue;
    return fail(ErrorCode::kSecurity,
                "The model's " + name + " has a default for '" + parameter.ident().name() +
                    "' that would run code while the model is loaded; only literals are taken.");
  }
  return {};
}

Result<void> check_class(const jit::ClassDef& definition) {
  const std::string owner = definition.name().name() + '.';
  for (const jit::Stmt& statement : definition.body()) {
    if (statement.kind() == jit::TK_DEF) {
      if (auto ok = check_function(jit::Def(statement), owner); !ok) return ok;
    } else if (statement.kind() == jit::TK_ASSIGN) {
      const jit::Assign assign(statement);
      // __annotations__["0"] = TYPE: an attribute whose name is none; read as a type.
      if (assign.lhs().kind() == jit::TK_SUBSCRIPT) continue;
      if (!assign.rhs().present() || is_literal(assign.rhs().get().tree())) continue;
      return fail(ErrorCode::kSecurity,
                  "The model's class " + definition.name().name() +
                      " has a constant that would run code while the model is loaded; only "
                      "literals are taken.");
    }
  }
  return {};
}

// Far above what models need, far below what a stack of kLoadStack bears.
constexpr int kMostBrackets = 200;
constexpr int kMostBlocks = 100;
constexpr int kMostOperators = 10'000;  // in one statement
constexpr std::size_t kMostDefinitions = 20'000;

// Operands and what merely stands between them do not nest; everything else may.
bool may_nest(int kind) {
  switch (kind) {
    case jit::TK_NUMBER:
    case jit::TK_STRINGLITERAL:
    case jit::TK_IDENT:
    case jit::TK_TRUE:
    case jit::TK_FALSE:
    case jit::TK_NONE:
    case ',':
    case ')':
    case ']':
    case '}':
      return false;
    default:
      return true;
  }
}

// libtorch's own lexer, which does not recurse; so strings and comments are told as it tells them.
Result<void> check_nesting(const std::string& file, const std::shared_ptr<jit::Source>& source,
                           std::size_t& definitions) {
  jit::Lexer lexer(source);
  int brackets = 0;
  int blocks = 0;
  int operators = 0;
  int before = jit::TK_NEWLINE;
  for (; lexer.cur().kind != jit::TK_EOF; lexer.next()) {
    const int kind = lexer.cur().kind;
    // -1 in a list of numbers is one operand.
    const bool sign = before == '-' && kind == jit::TK_NUMBER;
    if (kind == '(' || kind == '[' || kind == '{') ++brackets;
    if (kind == ')' || kind == ']' || kind == '}') --brackets;
    if (kind == jit::TK_INDENT) ++blocks;
    if (kind == jit::TK_DEDENT) --blocks;
    if (kind == jit::TK_DEF || kind == jit::TK_CLASS_DEF) ++definitions;
    operators = kind == jit::TK_NEWLINE ? 0 : operators + (may_nest(kind) ? 1 : 0) - (sign ? 1 : 0);
    before = kind;
    const bool fits = brackets <= kMostBrackets && blocks <= kMostBlocks &&
                      operators <= kMostOperators && definitions <= kMostDefinitions;
    if (fits) continue;
    return fail(ErrorCode::kTooLarge,
                "The model's source " + file + " nests too deep for libtorch: at most " +
                    std::to_string(kMostBrackets) + " brackets, " + std::to_string(kMostBlocks) +
                    " blocks and " + std::to_string(kMostOperators) +
                    " operators in a statement inside each other, and " +
                    std::to_string(kMostDefinitions) + " classes and functions in all.");
  }
  return {};
}

// The same steps as libtorch's importer: lines of imports and of the version, then definitions.
Result<void> check_source(const std::string& file, std::string text, std::size_t& definitions) {
  const auto source = std::make_shared<jit::Source>(std::move(text), file, 1);
  if (auto ok = check_nesting(file, source, definitions); !ok) return ok;
  jit::Parser parser(source);
  auto& lexer = parser.lexer();
  const auto skip_line = [&lexer] {
    while (lexer.cur().kind != jit::TK_NEWLINE && lexer.cur().kind != jit::TK_EOF)
      lexer.next();
    lexer.nextIf(jit::TK_NEWLINE);
  };
  while (lexer.cur().kind != jit::TK_EOF) {
    Result<void> ok;
    switch (lexer.cur().kind) {
      case jit::TK_IMPORT:
      case jit::TK_IDENT:  // op_version_set = 1
        skip_line();
        break;
      case jit::TK_CLASS_DEF:
        ok = check_class(jit::ClassDef(parser.parseClass()));
        break;
      case jit::TK_DEF:
        ok = check_function(jit::Def(parser.parseFunction(/*is_method=*/false)), "");
        break;
      default:
        return fail(ErrorCode::kInvalidEncoding,
                    "The model's source " + file + " is not classes and functions: a " +
                        jit::kindToString(lexer.cur().kind) + " stands where one should begin.");
    }
    if (!ok) return ok;
  }
  return {};
}

}  // namespace

std::size_t BytesAdapter::read(std::uint64_t position, void* buffer, std::size_t count,
                               const char*) const {
  if (position >= bytes_.size()) return 0;
  const auto at = static_cast<std::size_t>(position);
  const std::size_t given = std::min(count, bytes_.size() - at);
  std::memcpy(buffer, bytes_.data() + at, given);
  return given;
}

Result<void> check_sources(std::span<const std::byte> archive) {
  caffe2::serialize::PyTorchStreamReader reader(std::make_shared<BytesAdapter>(archive));
  std::size_t definitions = 0;
  for (const std::string& record : reader.getAllRecords()) {
    if (!record.starts_with("code/") || !record.ends_with(".py")) continue;
    const auto [data, size] = reader.getRecord(record);
    auto ok =
        check_source(record, std::string(static_cast<const char*>(data.get()), size), definitions);
    if (!ok) return ok;
  }
  return {};
}

}  // namespace nacre::torch
