from rds_ops.program import run

if __name__ == "__main__":
    run()
