import { isNowhereNoticed } from './ends.ts';

isNowhereNoticed('rolling');
