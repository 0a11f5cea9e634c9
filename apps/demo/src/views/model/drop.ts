/** Files and folders that are dropped anywhere on the page. */
import { useEffect, useState } from 'preact/hooks';

/** Whether files hover over the page; `onFiles` gets what is dropped, folders opened. */
export function useDrop(onFiles: (files: File[]) => void): boolean {
  const [over, setOver] = useState(false);
  useEffect(() => {
    const hasFiles = ({ dataTransfer }: DragEvent) => dataTransfer?.types.includes('Files') ?? false;
    const drag = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setOver(true);
    };
    const leave = ({ relatedTarget }: DragEvent) => relatedTarget === null && setOver(false);
    const drop = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setOver(false);
      void filesOf(event.dataTransfer!).then(onFiles);
    };
    window.addEventListener('dragover', drag);
    window.addEventListener('dragleave', leave);
    window.addEventListener('drop', drop);
    return () => {
      window.removeEventListener('dragover', drag);
      window.removeEventListener('dragleave', leave);
      window.removeEventListener('drop', drop);
    };
  }, []);
  return over;
}

async function filesOf(transfer: DataTransfer): Promise<File[]> {
  // Both lists are emptied as soon as the event is over.
  const plain = [...transfer.files];
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.() ?? null);
  const folders = entries.filter((entry): entry is FileSystemDirectoryEntry => entry?.isDirectory ?? false);
  if (folders.length === 0) return plain;
  const inside = await Promise.all(folders.map(filesIn));
  return [...plain.filter((_, i) => entries[i]?.isFile), ...inside.flat()];
}

function filesIn(folder: FileSystemDirectoryEntry): Promise<File[]> {
  const reader = folder.createReader();
  return new Promise((resolve) => {
    const files: File[] = [];
    const next = () =>
      reader.readEntries(
        async (entries) => {
          if (entries.length === 0) return resolve(files);
          for (const entry of entries) {
            if (entry.isFile) {
              files.push(await new Promise<File>((done, no) => (entry as FileSystemFileEntry).file(done, no)));
            }
          }
          next();
        },
        () => resolve(files),
      );
    next();
  });
}
