// Proves that the built page in the repository is what the sources give: builds again and compares every octet.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const files = (folder) => readdirSync(folder, { recursive: true, withFileTypes: true }).filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name).slice(folder.length + 1)).sort();

const fresh = mkdtempSync(join(tmpdir(), 'web-ui-'));
try {
  execFileSync(process.execPath, [join(root, 'node_modules/vite/bin/vite.js'), 'build', '--outDir', fresh, '--emptyOutDir'], { cwd: root, stdio: 'ignore' });
  const kept = join(root, 'dist');
  const names = new Set([...files(kept), ...files(fresh)]);
  const wrong = [...names].filter((name) => {
    try {
      return !readFileSync(join(kept, name)).equals(readFileSync(join(fresh, name)));
    } catch {
      return true;
    }
  });
  if (wrong.length > 0) {
    console.error(`web-ui/dist is not what web-ui/src gives; run "npm run build" there. Different: ${wrong.join(', ')}`);
    process.exitCode = 1;
  }
} finally {
  rmSync(fresh, { recursive: true, force: true });
}
