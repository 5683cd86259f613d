// Rules of the dashboard that no linter knows. Each failure says how to mend it.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = new URL('..', import.meta.url).pathname;
const failures = [];

const sources = readdirSync(join(root, 'src'), { recursive: true })
  .filter((name) => /\.(svelte|ts)$/.test(name) && !name.startsWith('paraglide/') && !name.endsWith('schema-env.d.ts') && !name.includes('/generated/'));

for (const name of sources) {
  const text = readFileSync(join(root, 'src', name), 'utf8');
  text.split('\n').forEach((line, index) => {
    if (/\sstyle="(?![^"]*\{)/.test(line)) {
      failures.push(`src/${name}:${index + 1}: a static style= is refused by the content security policy; use a class`);
    }
  });
  const lineCount = text.split('\n').length;
  if (lineCount > 600) failures.push(`src/${name}: ${lineCount} lines; at most 600, aim at 250: split it`);
}

const languages = ['en', 'zh-CN'];
const messages = languages.map((language) => JSON.parse(readFileSync(join(root, 'messages', `${language}.json`), 'utf8')));
const used = sources.map((name) => readFileSync(join(root, 'src', name), 'utf8')).join('\n');
for (const [index, language] of languages.entries()) {
  const other = messages[1 - index];
  for (const key of Object.keys(messages[index])) {
    if (key === '$schema') continue;
    if (!(key in other)) failures.push(`messages: "${key}" is in ${language} only; write it in both languages`);
    if (!used.includes(`m.${key}`)) failures.push(`messages/${language}.json: "${key}" is not used; remove it`);
  }
}

const lock = readFileSync(join(root, 'package-lock.json'), 'utf8');
if (/"resolved": "https?:/.test(lock)) {
  failures.push('package-lock.json names a registry host; run npm with omit-lockfile-registry-resolved=true');
}

for (const failure of failures) console.error(failure);
process.exit(failures.length > 0 ? 1 : 0);
