import { type DragEvent, type ReactNode, useId, useState } from 'react';
import { type ChosenFile, filesOfDrop, filesOfInput } from './chosen-files.js';

/** Where a folder of exams is dropped, or chosen. */
export function DropFolder({ chosen }: { chosen: (files: ChosenFile[]) => void }): ReactNode {
  const [over, setOver] = useState(false);
  const id = useId();
  async function drop(event: DragEvent): Promise<void> {
    event.preventDefault();
    setOver(false);
    chosen(await filesOfDrop(event.dataTransfer));
  }
  return (
    <section
      aria-label="Upload"
      className={over ? 'drop over' : 'drop'}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <p>Drop a folder here: one folder an exam, four views in each.</p>
      <input
        id={id}
        type="file"
        multiple
        // Whole folders: not in the types, and in every browser.
        {...{ webkitdirectory: true }}
        onChange={({ target }) => {
          chosen(filesOfInput(target.files ?? []));
          target.value = '';
        }}
      />
      <label htmlFor={id} className="button primary">
        Choose a folder
      </label>
    </section>
  );
}
