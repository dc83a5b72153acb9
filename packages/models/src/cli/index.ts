#!/usr/bin/env node
import process from "node:process";
import { run } from "./main";

// a reader that has seen enough, as in `dzdt forecast … | head`, is no error
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(0);
});
process.exitCode = await run(process.argv.slice(2));
