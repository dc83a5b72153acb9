// Writes the declarations of the package in the current folder: one .d.ts (ES modules) and one .d.cts (CommonJS) a source file.
// Sources carry their types on every export (isolatedDeclarations), so each file is done alone, without a type check, in a second or so.
// A bundler of declarations is no help here: it cannot follow `typeof` of a module whose files refer to each other's types.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import ts from "typescript";

const sources = readdirSync("src", { recursive: true, encoding: "utf8" }).filter(
  (file) => file.endsWith(".ts") && !file.endsWith(".test.ts"),
);

/**
 * Node resolves relative imports only with their extension.
 * @param {string} text
 * @param {string} folder
 * @param {string} extension
 */
function complete(text, folder, extension) {
  return text.replace(/((?:from|import)\s*\(?\s*)"(\.[^"]*)"/g, (_, before, specifier) => {
    const file = path.join("src", folder, specifier);
    const target = existsSync(`${file}.ts`) ? specifier : `${specifier.replace(/\/$/, "")}/index`;
    return `${before}"${target}${extension}"`;
  });
}

for (const file of sources) {
  const { outputText, diagnostics } = ts.transpileDeclaration(readFileSync(path.join("src", file), "utf8"), {
    fileName: file,
    reportDiagnostics: true,
    compilerOptions: {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ESNext,
      isolatedDeclarations: true,
      strict: true,
    },
  });
  const problems = (diagnostics ?? []).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"));
  if (problems.length > 0) throw new Error(`${file}: ${problems.join("; ")}`);
  const base = path.join("dist", file.replace(/\.ts$/, ""));
  mkdirSync(path.dirname(base), { recursive: true });
  writeFileSync(`${base}.d.ts`, complete(outputText, path.dirname(file), ".js"));
  writeFileSync(`${base}.d.cts`, complete(outputText, path.dirname(file), ".cjs"));
}
