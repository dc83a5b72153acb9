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

/**
 * A module whose variables are made by calls that bundlers may drop with the variable: `x = f(g())` becomes one pure call,
 * `x = (() => f(g()))()`. Right where the package says that its files have no side effects: then nothing that a page does not use may matter to
 * it. Bundlers that read files one by one know; in a chunk of many they have only these marks. Lines stay where they are, for the source maps.
 */
export function markPureInitializers(code: string): string {
  const source = ts.createSourceFile("chunk.js", code, ts.ScriptTarget.ES2022, false, ts.ScriptKind.JS);
  const wraps = source.statements.flatMap((statement) =>
    ts.isVariableStatement(statement)
      ? statement.declarationList.declarations.flatMap(({ name, initializer }) =>
          ts.isIdentifier(name) && initializer && !isPlain(initializer)
            ? [[initializer.getStart(source), initializer.end] as const]
            : [],
        )
      : [],
  );
  let result = "";
  let done = 0;
  for (const [from, to] of wraps) {
    result += `${code.slice(done, from)}/* @__PURE__ */ (() => (${code.slice(from, to)}))()`;
    done = to;
  }
  return result + code.slice(done);
}
