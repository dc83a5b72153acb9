import { spawnSync } from "node:child_process";
import { env, execPath } from "node:process";
import { fileURLToPath } from "node:url";
import type { Attempt } from "./case";

/** Without what a machine may set for all processes of Node: to read certificates takes half as long as all else that an empty one does. */
const plain = Object.fromEntries(Object.entries(env).filter(([name]) => !/^(NODE|npm)_/.test(name)));

/** A script of the folder `cold`, run by a Node process of its own from start to exit; the result is the number that it prints. */
export function freshProcess(script: string): Attempt {
  const path = fileURLToPath(new URL(`./cold/${script}`, import.meta.url));
  const run = (): number => {
    const { stdout, stderr, status } = spawnSync(execPath, [path], { encoding: "utf8", env: plain });
    if (status !== 0) throw new Error(`${script}: exit status ${status}: ${stderr.slice(-300)}`);
    return Number(stdout);
  };
  return { note: "a process from its start to its end", elsewhere: true, run, result: () => [run()] };
}
