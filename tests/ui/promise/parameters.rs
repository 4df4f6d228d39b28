use coro::CoroutineHandle;

struct Length(usize);
struct LengthPromise<T, const N: usize>([T; N]);

#[coro::promise]
impl<T, const N: usize> LengthPromise<T, N> {
    fn get_return_object(handle: CoroutineHandle<'_, Self>) -> Length { Length(handle.promise().0.len()) }
    fn return_value(&mut self, value: [T; N]) { self.0 = value; }
}

struct Borrowing<'a>(CoroutineHandle<'a, First<'static>>);
struct First<'p>(&'p str);

#[coro::promise]
impl First<'_> {
    fn get_return_object(handle: CoroutineHandle<'_, Self>) -> Borrowing<'static> { panic!("{handle:?}") }
    fn return_void(&mut self) {}
}

struct Second<'p>(&'p str);

#[coro::promise]
impl<'p> Second<'p> {
    fn get_return_object(handle: CoroutineHandle<'_, Self>) -> Length { Length(handle.promise().0.len()) }
    fn return_value(&mut self, value: &'p str) { self.0 = value; }
}

fn main() {}
