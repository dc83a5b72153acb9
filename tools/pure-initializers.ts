import ts from "typescript";

/** Writes and computes nothing, whoever makes it. Member access may run a getter, operators a `valueOf`. */
function isPlain(node: ts.Expression): boolean {
  if (ts.isParenthesizedExpression(node)) return isPlain(node.expression);
  if (ts.isPrefixUnaryExpression(node)) return ts.isLiteralExpression(node.operand);
  if (ts.isVoidExpression(node)) return ts.isLiteralExpression(node.expression);
  if (ts.isArrayLiteralExpression(node)) return node.elements.every(isPlain);
  if (ts.isObjectLiteralExpression(node)) return node.properties.every(isPlainProperty);
  return (
    ts.isLiteralExpression(node) ||
    ts.isIdentifier(node) ||
    ts.isArrowFunction(node) ||
    ts.isFunctionExpression(node) ||
    // Left alone: a class has the name of the variable that it is given to at once.
    ts.isClassExpression(node) ||
    [ts.SyntaxKind.TrueKeyword, ts.SyntaxKind.FalseKeyword, ts.SyntaxKind.NullKeyword].includes(node.kind)
  );
}

const isPlainProperty = (node: ts.ObjectLiteralElementLike): boolean =>
  !ts.isSpreadAssignment(node) &&
  !(node.name && ts.isComputedPropertyName(node.name)) &&
  (!ts.isPropertyAssignment(node) || isPlain(node.initializer));

/** A call as plain as that, but for what its function does. */
const isPlainCall = (node: ts.Expression): node is ts.CallExpression =>
  ts.isCallExpression(node) && ts.isIdentifier(node.expression) && node.arguments.every(isPlain);

/**
 * A module whose variables are made by calls that bundlers may drop with the variable: `x = f(g())` becomes one pure call,
 * `x = (() => f(g()))()`, and `x = f({})` just `x = (f)({})`, which engines read only once. Right where the package says that its files have no side
 * effects: then nothing that a page does not use may matter to it. Bundlers that read files one by one know; in a chunk of many they have only these
 * marks. Lines stay where they are, for the source maps.
 */
export function markPureInitializers(code: string): string {
  const source = ts.createSourceFile("chunk.js", code, ts.ScriptTarget.ES2022, false, ts.ScriptKind.JS);
  let result = "";
  let done = 0;
  for (const statement of source.statements)
    if (ts.isVariableStatement(statement))
      for (const { name, initializer } of statement.declarationList.declarations) {
        if (!ts.isIdentifier(name) || !initializer || isPlain(initializer)) continue;
        const marked = isPlainCall(initializer) ? initializer.expression : initializer;
        const [from, to] = [marked.getStart(source), marked.end];
        const text = code.slice(from, to);
        result += `${code.slice(done, from)}/* @__PURE__ */ ${marked === initializer ? `(() => (${text}))()` : `(${text})`}`;
        done = to;
      }
  return result + code.slice(done);
}
