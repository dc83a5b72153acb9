// `npm run bench:sizes`: how much a page loads, held to size-budget.json.
import process from "node:process";
import { parseArgs } from "node:util";
import { ownSizes, peerSizes } from "./src/sizes";
import { layout } from "./src/table";

const { values } = parseArgs({
  options: { json: { type: "boolean", default: false }, peers: { type: "boolean", default: false } },
});
const sizes = [...(await ownSizes()), ...(values.peers ? await peerSizes() : [])];
const over = sizes.filter(({ gzipped, budget }) => budget !== undefined && gzipped > budget);
if (values.json) for (const size of sizes) console.log(JSON.stringify(size));
else {
  const kilo = (bytes: number): string => (bytes / 1000).toFixed(1);
  console.log(
    layout(
      [
        ["bundle", "minified kB", "gzipped kB", "budget kB", "within", "goal kB"],
        ...sizes.map(({ name, minified, gzipped, budget, goal }) => [
          name,
          kilo(minified),
          kilo(gzipped),
          budget === undefined ? "" : kilo(budget),
          budget === undefined ? "" : gzipped <= budget ? "yes" : "NO",
          goal === undefined ? "" : kilo(goal),
        ]),
      ],
      50,
    ),
  );
}
for (const { name, gzipped, budget } of over)
  console.error(
    `bench:sizes: ${name} is ${gzipped} bytes, its budget ${budget}; make it smaller, or raise size-budget.json`,
  );
if (over.length > 0) process.exitCode = 1;
