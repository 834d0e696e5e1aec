// A peer for benchmarks/send.py: node nodemailer.mjs PORT CONNECTIONS COUNT BYTES [KEYFILE]
// One pool, messages of so many bytes, ready made; with KEYFILE each is composed and signed (DKIM, RSA). Prints seconds.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const nodemailer = createRequire(process.env.NODEMAILER_FROM + "/")("nodemailer");
const [port, connections, count, bytes, keyfile] = process.argv.slice(2);
const line = "<p style='margin:0'>The night ferry comes back, and the town is counting berths.</p>\n";
const html = line.repeat(Math.ceil(Number(bytes) / line.length)).slice(0, Number(bytes));
const dkim = keyfile && { domainName: "gazette.example", keySelector: "s", privateKey: readFileSync(keyfile, "utf8") };
const pool = nodemailer.createTransport({
  host: "127.0.0.1",
  port: Number(port),
  pool: true,
  maxConnections: Number(connections),
  maxMessages: Infinity,
  ignoreTLS: process.env.NODEMAILER_TLS !== "1",
  tls: { rejectUnauthorized: false },
  dkim,
});
const subject = "The night ferry comes back";
const raw = `From: d@gazette.example\r\nTo: r@readers.example\r\nSubject: ${subject}\r\n\r\n${html.replaceAll("\n", "\r\n")}`;
const mail = (to) =>
  keyfile ? { from: "d@gazette.example", to, subject, html } : { envelope: { from: "d@gazette.example", to }, raw };
const started = performance.now();
await Promise.all(
  Array.from({ length: Number(count) }, (_, number) =>
    pool.sendMail(mail(`reader${number}@readers.example`)),
  ),
);
console.log((performance.now() - started) / 1000);
pool.close();
