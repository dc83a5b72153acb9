import js from "@eslint/js";
import { builtinRules } from "eslint/use-at-your-own-risk";
import { defineConfig, globalIgnores } from "eslint/config";
import ts from "typescript-eslint";

const hostGlobals = ["navigator", "process", "WebAssembly"].map((name) => ({
  name,
  message: "hosts differ: only the targets, @dzdt/models/node and the command line may know which one this is",
}));

const codeLines = (/** @type {number} */ max) => ({ max, skipBlankLines: true, skipComments: true });

export default defineConfig(
  globalIgnores(["**/dist/", "**/coverage/", "**/runs/", "**/.cache/", "docs/.vitepress/"]),
  js.configs.recommended,
  ts.configs.recommendedTypeChecked,
  {
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    // ESLint gives a rule one severity; under a second name max-lines can warn early and stop late.
    plugins: { early: { rules: { "max-lines": builtinRules.get("max-lines") } } },
    rules: {
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowArray: true }],
      "no-restricted-globals": ["error", ...hostGlobals],
      "early/max-lines": ["warn", codeLines(300)],
      "max-lines": ["error", codeLines(500)],
    },
  },
  {
    files: [
      "packages/tensor/src/targets/**",
      "packages/kernels-wgsl/**",
      "packages/models/src/node*",
      "packages/models/src/node/**",
      "packages/models/src/cli/**",
      "**/*.test.ts",
      "test/**",
      "test-support/**",
      "tools/**",
      "*.config.ts",
      "*.base.ts",
    ],
    rules: { "no-restricted-globals": "off" },
  },
  {
    // Wasm instances and generated code have no static types.
    files: ["packages/tensor/src/targets/**"],
    rules: {
      "@typescript-eslint/no-explicit-any": "off",
      "@typescript-eslint/no-unsafe-argument": "off",
      "@typescript-eslint/no-unsafe-assignment": "off",
      "@typescript-eslint/no-unsafe-call": "off",
      "@typescript-eslint/no-unsafe-member-access": "off",
      "@typescript-eslint/no-unsafe-return": "off",
    },
  },
  {
    // Published sources: tsc allows extensions, for the tools' sake, and declarations would name files that are not there.
    files: ["packages/*/src/**"],
    ignores: ["**/*.test.ts"],
    rules: {
      "no-restricted-imports": [
        "error",
        { patterns: [{ regex: "^\\.{1,2}/.*\\.ts$", message: "leave out .ts: packages contain no such file" }] },
      ],
    },
  },
  {
    // tsc checks the names in these files; most of them are plain JavaScript, typed by JSDoc.
    files: ["**/*.{js,mjs}"],
    extends: [ts.configs.disableTypeChecked],
    rules: { "no-undef": "off" },
  },
);
