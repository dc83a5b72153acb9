import { buildSync } from "esbuild";
import { expect, test } from "vitest";

/** The files of odeint of which a page that imports these names has anything. */
function filesOf(names: string): string[] {
  const { metafile } = buildSync({
    stdin: { contents: `export { ${names} } from "@dzdt/odeint";`, resolveDir: "." },
    bundle: true,
    minify: true,
    format: "esm",
    conditions: ["@dzdt/source"],
    external: ["node:*"],
    metafile: true,
    write: false,
  });
  const { inputs } = Object.values(metafile.outputs)[0]!;
  return Object.keys(inputs)
    .filter((file) => inputs[file]!.bytesInOutput > 0)
    .flatMap((file) => /packages\/odeint\/src\/(.*)\.ts$/.exec(file)?.[1] ?? []);
}

test("pages have what solves with saves or events do only where they make some", () => {
  const own = { saveAt: ["saves/read", "saves/keep", "saves/collect"], event: ["events/search", "events/occur"] };
  const plain = filesOf("odeint, tsit5");
  expect(plain).toContain("integrate");
  for (const file of [...own.saveAt, ...own.event]) expect(plain).not.toContain(file);
  for (const [name, files] of Object.entries(own))
    expect(filesOf(`odeint, tsit5, ${name}`)).toEqual(expect.arrayContaining(files));
});
