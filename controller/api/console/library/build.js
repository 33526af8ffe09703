// Makes one file for browsers of JsSIP and what it needs, with their licences: `npm run build -- OUTPUT`.
import { readFileSync, readdirSync } from "node:fs";
import { build } from "esbuild";

const output = process.argv[2] ?? "jssip.js";
const lock = JSON.parse(readFileSync("package-lock.json", "utf8"));
const shipped = Object.entries(lock.packages).filter(([path, each]) => path && !each.dev);
const licences = shipped.map(([path, each]) => {
  const file = readdirSync(path).find((name) => /^licen[cs]e/i.test(name));
  const said = file ? readFileSync(`${path}/${file}`, "utf8").trim() : each.license;
  return `${path.replace(/^.*node_modules\//, "")} ${each.version}\n\n${said}`;
});
await build({
  entryPoints: ["node_modules/jssip/lib/JsSIP.js"],
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  outfile: output,
  banner: { js: `/*!\n${licences.join("\n\n---\n\n").replaceAll("*/", "* /")}\n*/` },
});
