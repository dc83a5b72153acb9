const namespace = /^var (\w+) = \{\};\n__export\(\1, \{\n([^}]*)\}\);$/gm;
const getter = /^ {2}(\w+): \(\) => (\w+),?$/;

/**
 * A chunk of esbuild whose namespaces are plain objects: `var x = {}; __export(x, { a: () => b });` goes, and `var x = { a: b };` comes before the
 * statement that first uses it, by when all members are there. Lines stay where they are, for the source maps.
 * @throws Error for a namespace that is used in a way that is not known
 */
export function withPlainNamespaces(code: string): string {
  const rest = code.replace(namespace, (statement) => statement.replace(/.+/g, ""));
  const made = [...code.matchAll(namespace)].map(([, name, getters]) => {
    const members = getters!
      .trimEnd()
      .split("\n")
      .map((line) => getter.exec(line)?.slice(1))
      .map((member) => (member && member[0] === member[1] ? member[0] : member?.join(": ")));
    const use = new RegExp(`^(.*)\\b${name!}\\b`, "m").exec(rest);
    // A line of a list of exports, or a statement.
    const at = use && (use[1]!.startsWith("  ") ? rest.lastIndexOf("\nexport {", use.index) + 1 : use.index);
    if (!at || !/^(var|export) /.test(rest.slice(at)) || members.includes(undefined))
      throw new Error(`plain-namespaces: ${name!} is written or used in a way that plain-namespaces.ts does not know`);
    return { at, text: `var ${name!} = { ${members.join(", ")} }; ` };
  });
  return made
    .sort((a, b) => b.at - a.at)
    .reduce((text, { at, text: own }) => text.slice(0, at) + own + text.slice(at), rest);
}
