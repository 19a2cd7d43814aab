import { isNowhereNoticed } from './ends.ts';

isNowhereNoticed('files');
