// The same work in C++20. `peers ROW OPERATIONS` prints what `main.rs` prints: checksum, nanoseconds, KiB.
// `peers --rows` names the rows it has.
#include "coroutine_types.hpp"

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <mutex>
#include <new>
#include <thread>
#include <vector>

#include <sys/resource.h>

using u64 = std::uint64_t;

// The barrier that every value passes.
static inline u64 pass(u64 value) {
    asm volatile("" : "+r"(value));
    return value;
}

// What the optimizer knows nothing about.
template <class T> static inline T hidden(T value) {
    asm volatile("" : "+r"(value));
    return value;
}

// B0
static u64 allocate(u64 n) {
    u64 sum = 0;
    for (u64 i = 0; i < n; i++) {
        void *memory = hidden(::operator new(80));
        sum += memory != nullptr;
        ::operator delete(memory);
    }
    return sum;
}

// B1, B1u, B2
static Generator count_to(u64 end) {
    for (u64 i = 0; i < end; i++) co_yield i;
}
static Generator single(u64 value) { co_yield value; }

static inline u64 sum_of(Generator items) {
    u64 sum = 0;
    while (const u64 *item = items.next()) sum += pass(*item);
    return sum;
}
static u64 erased_items(u64 n) { return sum_of(hidden(&count_to)(n)); }
static u64 items_in_place(u64 n) { return sum_of(count_to(n)); }
static u64 singles(u64 n) {
    u64 sum = 0;
    for (u64 i = 0; i < n; i++) sum += sum_of(hidden(&single)(i));
    return sum;
}

// B3
static Machine count_repeated() {
    u64 repeated = 0, last = co_await Signal{};
    for (;;) {
        u64 next = co_await Signal{};
        if (next == UINT64_MAX) co_return repeated;
        repeated += next == last;
        last = next;
    }
}
static u64 signals(u64 n) {
    auto machine = hidden(&count_repeated)();
    for (u64 i = 0; i < n; i++)
        if (!machine.send_signal(pass(i / 2))) std::abort();
    machine.send_signal(UINT64_MAX);
    return machine.result();
}

// B4, B5a
static Task at_once(u64 value) { co_return value; }
static Task await_each(u64 n) {
    u64 sum = 0;
    for (u64 i = 0; i < n; i++) sum += pass(co_await hidden(&at_once)(i));
    co_return sum;
}
static Task await_each_in_place(u64 n) {
    u64 sum = 0;
    for (u64 i = 0; i < n; i++) sum += pass(co_await at_once(i));
    co_return sum;
}
static u64 run(Task task) {
    task.handle.resume();
    return task.await_resume();
}
static u64 awaits(u64 n) { return run(await_each(n)); }
static u64 awaits_in_place(u64 n) { return run(await_each_in_place(n)); }
static Task fibonacci(u64 n) {
    if (n < 2) co_return n;
    co_return co_await fibonacci(n - 1) + co_await fibonacci(n - 2);
}
static u64 fibonaccis(u64 n) {
    u64 sum = 0;
    for (u64 i = 0; i < n; i++) sum += run(hidden(&fibonacci)(25));
    return sum;
}

// B5b, B5c
struct Bench {
    std::coroutine_handle<> waiting;
    bool await_ready() { return false; }
    void await_suspend(std::coroutine_handle<> own) { waiting = own; }
    void await_resume() {}
};
static Task down(u64 depth) {
    if (depth == 0) co_return 0;
    co_return 1 + co_await down(depth - 1);
}
static u64 complete(u64 depth) { return run(hidden(&down)(depth)); }
static Task wait_at(u64 depth, Bench &bench) {
    if (depth > 1) co_return co_await wait_at(depth - 1, bench);
    for (;;) co_await bench;
}
static u64 drop_half_way(u64 depth) {
    Bench bench;
    auto task = hidden(&wait_at)(depth, bench);
    task.handle.resume();
    return depth;
}
template <u64 depth> static u64 resume_leaf(u64 n) {
    Bench bench;
    auto task = hidden(&wait_at)(depth, bench);
    task.handle.resume();
    for (u64 i = 0; i < n; i++) hidden(bench.waiting).resume();
    return n;
}

// B6
struct Table {
    std::coroutine_handle<> waiting;
    u64 strokes = 0;
};
struct Stroke {
    Table &table;
    bool await_ready() { return false; }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<> own) {
        table.strokes++;
        auto other = std::exchange(table.waiting, own);
        return other ? other : std::noop_coroutine();
    }
    void await_resume() {}
};
static Task player(Table &table) {
    for (;;) co_await Stroke{table};
}
static Task last_player(Table &table, u64 strokes) {
    for (u64 i = 0; i < strokes; i++) co_await Stroke{table};
    co_return 0;
}
static u64 transfers(u64 n) {
    Table table;
    auto one = hidden(&player)(table);
    auto other = hidden(&last_player)(table, n / 2);
    one.handle.resume();
    other.handle.resume();
    return table.strokes;
}

// B7
static u64 kept_generators(u64 n) {
    for (u64 i = 0; i < n; i++) {
        auto items = hidden(&count_to)(i);
        items.handle = {};
    }
    return n;
}
static u64 kept_tasks(u64 n) {
    for (u64 i = 0; i < n; i++) {
        auto task = hidden(&at_once)(i);
        task.handle = {};
    }
    return n;
}

// M1
struct Park {
    std::vector<std::coroutine_handle<>> &parked;
    bool await_ready() { return false; }
    void await_suspend(std::coroutine_handle<> own) { parked.push_back(own); }
    void await_resume() {}
};
static FireAndForget wait_in(std::vector<std::coroutine_handle<>> &parked, u64 id, u64 &sum) {
    co_await Park{parked};
    sum += id;
}
static u64 park(u64 n) {
    std::vector<std::coroutine_handle<>> parked;
    parked.reserve(n);
    u64 sum = 0;
    for (u64 i = 0; i < n; i++) hidden(&wait_in)(parked, i, sum);
    for (auto one : parked) one.resume();
    return sum;
}

// T1
struct Queue {
    std::mutex mutex;
    std::condition_variable arrived;
    std::deque<std::coroutine_handle<>> waiting;
    u64 running = 0, sleeping = 0;
    void push(std::coroutine_handle<> one) {
        std::unique_lock lock(mutex);
        waiting.push_back(one);
        if (sleeping == 0) return;
        lock.unlock();
        arrived.notify_one();
    }
    void work() {
        for (;;) {
            std::unique_lock lock(mutex);
            while (running > 0 && waiting.empty()) {
                sleeping++;
                arrived.wait(lock);
                sleeping--;
            }
            if (waiting.empty()) return;
            auto one = waiting.front();
            waiting.pop_front();
            lock.unlock();
            one.resume();
        }
    }
    void ended() {
        {
            std::lock_guard lock(mutex);
            running--;
        }
        arrived.notify_all();
    }
};
struct Hop {
    Queue &queue;
    bool await_ready() { return false; }
    void await_suspend(std::coroutine_handle<> own) { queue.push(own); }
    void await_resume() {}
};
static FireAndForget hop(Queue &queue, u64 times) {
    for (u64 i = 0; i < times; i++) co_await Hop{queue};
    queue.ended();
}
static u64 hops(u64 n) {
    constexpr u64 together = 64;
    Queue queue;
    queue.running = together;
    for (u64 i = 0; i < together; i++) hidden(&hop)(queue, n / together);
    std::thread other([&] { queue.work(); });
    queue.work();
    other.join();
    return n;
}

struct Case {
    const char *row;
    u64 (*run)(u64);
};
static const Case cases[] = {
    {"B0", allocate},           {"B1", erased_items},        {"B1u", items_in_place},
    {"B2", singles},            {"B3", signals},             {"B4", awaits},
    {"B4u", awaits_in_place},   {"B5a", fibonaccis},         {"B5b", complete},
    {"B5b-drop", drop_half_way}, {"B5c-1", resume_leaf<1>},  {"B5c-10", resume_leaf<10>},
    {"B5c-100", resume_leaf<100>}, {"B5c-1000", resume_leaf<1000>}, {"B6", transfers},
    {"B7-generator", kept_generators}, {"B7-task", kept_tasks}, {"M1", park}, {"T1", hops},
};

int main(int count, char **arguments) {
    if (count == 2 && std::strcmp(arguments[1], "--rows") == 0) {
        for (auto &one : cases) std::puts(one.row);
        return 0;
    }
    if (count != 3) return 2;
    u64 operations = std::strtoull(arguments[2], nullptr, 10);
    for (auto &one : cases) {
        if (std::strcmp(one.row, arguments[1]) != 0) continue;
        auto start = std::chrono::steady_clock::now();
        u64 checksum = one.run(operations);
        auto time = std::chrono::steady_clock::now() - start;
        rusage usage{};
        getrusage(RUSAGE_SELF, &usage);
        auto nanoseconds = std::chrono::duration_cast<std::chrono::nanoseconds>(time).count();
        std::printf("%llu %lld %ld\n", (unsigned long long)checksum, (long long)nanoseconds, usage.ru_maxrss);
        return 0;
    }
    return 2;
}
