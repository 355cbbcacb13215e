// The icons: strokes on a 20-point grid, drawn here so that no other file has to be fetched.
const PATHS = {
  left: 'M12.5 4.5 7 10l5.5 5.5',
  right: 'M7.5 4.5 13 10l-5.5 5.5',
  down: 'M4.5 7.5 10 13l5.5-5.5',
  plus: 'M10 4v12M4 10h12',
  close: 'M5 5l10 10M15 5 5 15',
  check: 'M4 10.5 8 14.5 16 6',
  menu: 'M3 5.5h14M3 10h14M3 14.5h14',
  more: 'M10 4.6v.01M10 10v.01M10 15.4v.01',
  month: 'M3.5 5h13v12h-13zM3.5 8.5h13M7 3v3M13 3v3',
  week: 'M3.5 4h13v13h-13zM8 4v13M12 4v13',
  day: 'M4 3.5h12v13H4zM4 8h12',
  agenda: 'M7.5 5h9M7.5 10h9M7.5 15h9M3.6 5v.01M3.6 10v.01M3.6 15v.01',
  year: 'M3.5 3.5h5v5h-5zM11.5 3.5h5v5h-5zM3.5 11.5h5v5h-5zM11.5 11.5h5v5h-5z',
  tasks: 'M3.5 3.5h13v13h-13zM6.5 10l2.5 2.5 4.500-5',
  clock: 'M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM10 6v4l2.500 2',
  place: 'M10 17s5.500-4.900 5.500-9A5.500 5.500 0 0 0 4.500 8c0 4.100 5.500 9 5.500 9zM10 6.300v3.400',
  notes: 'M4 5h12M4 9h12M4 13h8',
  people: 'M7.500 9.500a2.700 2.700 0 1 0 0-5.400 2.700 2.700 0 0 0 0 5.400zM2.500 16c0-2.800 2.200-4.500 5-4.500s5 1.700 5 4.500M13 4.300a2.700 2.700 0 0 1 0 5M14.500 11.800c1.800.6 3 2.100 3 4.200',
  bell: 'M5 13.500V9a5 5 0 0 1 10 0v4.500l1.300 1.500H3.700zM8.500 17h3',
  repeat: 'M4 9V8a3 3 0 0 1 3-3h8M12.500 2.500 15 5l-2.500 2.500M16 11v1a3 3 0 0 1-3 3H5M7.500 17.500 5 15l2.500-2.500',
  lock: 'M5 9h10v7.500H5zM7 9V7a3 3 0 0 1 6 0v2',
  link: 'M8.500 11.500l3-3M7 9 5.200 10.800a2.800 2.800 0 0 0 4 4L11 13M9 7l1.800-1.800a2.800 2.800 0 0 1 4 4L13 11',
  edit: 'M4 16l.8-3.400L13 4.400 15.600 7l-8.200 8.200zM11.500 6 14 8.500',
  trash: 'M4 6h12M8 6V4h4v2M5.500 6l.7 10.500h7.600L14.500 6M8.500 9v5M11.500 9v5',
  history: 'M3.500 10a6.500 6.500 0 1 0 2-4.700M3.500 3.500V6.500h3M10 6.500V10l2.500 1.500',
  share: 'M14 7a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM6 12a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM14 17a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM7.800 9.100l4.400-2.600M7.800 10.900l4.400 2.600',
  upload: 'M10 13V4M6.500 7.500 10 4l3.500 3.500M4 13v3h12v-3',
  download: 'M10 4v9M6.500 9.500 10 13l3.500-3.500M4 13v3h12v-3',
  gear: 'M3 6h8M15 6h2M3 14h2M9 14h8M13 8a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM7 16a2 2 0 1 0 0-4 2 2 0 0 0 0 4z',
  cloud: 'M6 15.500a3.500 3.500 0 0 1-.5-7 4.500 4.500 0 0 1 8.700.7 3.200 3.200 0 0 1-.2 6.300zM3.500 3.500l13 13',
  warning: 'M10 3.500 17.500 16h-15zM10 8v4M10 14v.01',
  keyboard: 'M2.500 5h15v10h-15zM5.500 8v.01M8.500 8v.01M11.500 8v.01M14.500 8v.01M6 12h8',
  door: 'M11.500 4H5v12h6.500M9 10h8M14 7l3 3-3 3',
  shield: 'M10 2.800 16 5v4.500c0 4-2.600 6.500-6 7.700-3.400-1.200-6-3.700-6-7.700V5z',
  globe: 'M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM3 10h14M10 3c2.500 2.200 2.500 11.800 0 14M10 3c-2.500 2.200-2.500 11.800 0 14',
  key: 'M12.500 10.500a3.200 3.200 0 1 0-3.100-2.400L4 13.500V16h2.500v-2H8.500v-2l1-1',
} as const;

export type IconName = keyof typeof PATHS;

export const Icon = ({ name, size = 20 }: { name: IconName; size?: number }) => (
  <svg class="icon" width={size} height={size} viewBox="0 0 20 20" fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">
    <path d={PATHS[name]} />
  </svg>
);
