import ts from "typescript";

/** The identifier that a member of an object stands for: `{ name }`, `{ member: name }`, or `{ member: () => name }`, as esbuild writes namespaces. */
function memberOf(node: ts.Node): string | undefined {
  if (ts.isShorthandPropertyAssignment(node)) return node.name.text;
  if (!ts.isPropertyAssignment(node)) return undefined;
  const value = ts.isArrowFunction(node.initializer) ? node.initializer.body : node.initializer;
  return ts.isIdentifier(value) ? value.text : undefined;
}

const isFunction = (node: ts.Expression | undefined): boolean =>
  node !== undefined && (ts.isArrowFunction(node) || ts.isFunctionExpression(node));

/** The name that a function has of where it stands. */
function functionName(node: ts.Node): string | undefined {
  if (ts.isVariableDeclaration(node) && ts.isIdentifier(node.name) && isFunction(node.initializer))
    return node.name.text;
  return ts.isFunctionDeclaration(node) ? node.name?.text : undefined;
}

/**
 * Names of functions in a module that people see, in errors for one: of what it exports, of members of objects, and those that expressions have of their
 * own (`compile(function step() {})`).
 */
export function seenNames(code: string): string[] {
  const [given, functions, seen] = [new Set<string>(), new Set<string>(), new Set<string>()];
  const add = (to: Set<string>, name: string | undefined): void => void (name !== undefined && to.add(name));
  const look = (node: ts.Node): void => {
    if (ts.isExportSpecifier(node)) add(seen, (node.propertyName ?? node.name).text);
    if (ts.isFunctionExpression(node)) add(seen, node.name?.text);
    add(given, memberOf(node));
    add(functions, functionName(node));
    ts.forEachChild(node, look);
  };
  look(ts.createSourceFile("chunk.js", code, ts.ScriptTarget.ES2022, false, ts.ScriptKind.JS));
  return [...seen, ...[...given].filter((name) => functions.has(name))];
}
