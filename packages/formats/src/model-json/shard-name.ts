/** Why a shard's name cannot be that of a file in the model's folder, wherever the model is read; undefined = it can. */
export function shardNameFault(name: string): string | undefined {
  if (name === '') return 'an empty name';
  if (name.includes('\0')) return 'a NUL character';
  if (/^[a-z][a-z0-9+.-]*:/i.test(name)) return 'a URL or a drive';
  if (name.includes('\\')) return 'a backslash';
  if (name.startsWith('/')) return 'an absolute path';
  if (/%[0-9a-f]{2}/i.test(name)) return 'percent-encoding';
  const parts = name.split('/');
  if (parts.includes('..')) return "'..'";
  if (parts.every((part) => part === '' || part === '.')) return 'the folder itself';
  return undefined;
}
